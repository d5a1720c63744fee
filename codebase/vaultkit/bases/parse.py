"""Tokens into a tree: operators by precedence, members, calls. Nesting is bounded."""

from vaultkit.bases.tokens import ExpressionError, Token, tokens
from vaultkit.bases.tree import Binary, Call, ListOf, Literal, Member, Name, Node, ObjectOf, Regexp, Unary

MAX_DEPTH = 60

_PRECEDENCE = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4,
               "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}  # fmt: skip
_WORDS = {"true": True, "false": False, "null": None}


def parse(source: str) -> Node:
    """The tree of an expression, else ExpressionError."""
    parser = _Parser(tokens(source))
    node = parser.binary(1)
    if parser.token.kind != "end":
        raise ExpressionError(f"unexpected `{parser.token.text}`")
    return node


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.position = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def take(self, mark: str) -> bool:
        """Step over this mark if it is next."""
        if self.token.kind == "mark" and self.token.text == mark:
            self.position += 1
            return True
        return False

    def need(self, mark: str) -> None:
        if not self.take(mark):
            raise ExpressionError(f"need `{mark}`, got {self.shown()}")

    def shown(self) -> str:
        return f"`{self.token.text}`" if self.token.kind != "end" else "the end"

    def binary(self, least: int) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("nested too deeply")
        left = self.unary()
        while self.token.kind == "mark" and _PRECEDENCE.get(self.token.text, 0) >= least:
            mark = self.token.text
            self.position += 1
            left = Binary(mark, left, self.binary(_PRECEDENCE[mark] + 1))
        self.depth -= 1
        return left

    def unary(self) -> Node:
        marks: list[str] = []
        while self.token.kind == "mark" and self.token.text in ("!", "-", "+") and len(marks) < MAX_DEPTH:
            marks.append(self.token.text)
            self.position += 1
        node = self.postfix(self.primary())
        for mark in reversed(marks):
            node = Unary(mark, node)
        return node

    def postfix(self, node: Node) -> Node:
        while True:
            if self.take("."):
                name = self.token
                if name.kind != "name":
                    raise ExpressionError(f"need a name after `.`, got {self.shown()}")
                self.position += 1
                called = self.take("(")
                node = Call(name.text, self.items(")"), node) if called else Member(node, Literal(name.text))
            elif self.take("["):
                key = self.binary(1)
                self.need("]")
                node = Member(node, key)
            else:
                return node

    def primary(self) -> Node:
        token = self.token
        self.position += token.kind != "end"
        if token.kind == "number":
            value = float(token.text)
            return Literal(int(value) if value.is_integer() and abs(value) < 1 << 53 else value)
        if token.kind == "string":
            return Literal(token.text)
        if token.kind == "regexp":
            return Regexp(token.text, token.flags)
        if token.kind == "name":
            return self.name(token.text)
        return self.bracketed(token)

    def name(self, text: str) -> Node:
        if self.take("("):
            return Call(text, self.items(")"))
        return Literal(_WORDS[text]) if text in _WORDS else Name(text)

    def bracketed(self, token: Token) -> Node:
        if token == Token("mark", "("):
            node = self.binary(1)
            self.need(")")
            return node
        if token == Token("mark", "["):
            return ListOf(self.items("]"))
        if token == Token("mark", "{"):
            return self.object()
        what = f"`{token.text}`" if token.kind != "end" else "the end"
        raise ExpressionError(f"need a value, got {what}")

    def items(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self.take(closing):
            found.append(self.binary(1))
            if not self.take(","):
                self.need(closing)
                break
        return tuple(found)

    def object(self) -> Node:
        found: list[tuple[str, Node]] = []
        while not self.take("}"):
            key = self.token
            if key.kind not in ("string", "name", "number"):
                raise ExpressionError(f"need a key, got {self.shown()}")
            self.position += 1
            self.need(":")
            found.append((key.text, self.binary(1)))
            if not self.take(","):
                self.need("}")
                break
        return ObjectOf(tuple(found))
