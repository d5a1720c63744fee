"""Which pointers a function reads and writes through, read from its tokens."""

from collections.abc import Collection, Iterator, Sequence

from kvist.metal.dtypes import element_dtype
from kvist.metal.overloads import definitions
from kvist.metal.parameters import ADDRESS_SPACES
from kvist.metal.tokens import Token, matching, split_commas

_CASTS = ("reinterpret_cast", "static_cast", "const_cast")
Effects = dict[str, set[str]]


class Functions:
    """The functions of a file by name: names of their parameters, and their bodies."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._by_name: dict[str, list[tuple[list[str], set[str], set[str], list[Token]]]] = {}
        self._busy: set[str] = set()
        self._known: dict[str, Effects] = {}
        for (_, end), _, (first, last) in definitions(tokens, 0, len(tokens), ""):
            opening = next((i for i in range(first + 1, last) if tokens[i].text == "("), 0)
            if not opening or tokens[opening - 1].kind != "name" or tokens[end - 1].text != "}":
                continue
            pieces = list(split_commas(tokens[opening + 1 : matching(tokens, opening)]))
            names = [next((t.text for t in reversed(p) if t.kind == "name"), "") for p in pieces]
            values = {name for name, piece in zip(names, pieces, strict=True) if _is_value(piece)}
            references = {
                name for name, piece in zip(names, pieces, strict=True) if any(t.text == "&" for t in piece)
            }
            entry = (names, values, references, list(tokens[last : end - 1]))
            self._by_name.setdefault(tokens[opening - 1].text, []).append(entry)

    def effect(self, name: str, position: int) -> set[str] | None:
        """What the function does with argument `position`; None if the file has no such function."""
        versions = self._by_name.get(name)
        if versions is None or name in self._busy:
            return None if versions is None else set()
        if name not in self._known:
            self._busy.add(name)
            merged: Effects = {}
            for names, values, references, body in versions:
                known = [n for n in names if n]
                for key, what in effects(body, known, self, values, references).items():
                    if key in names:
                        merged.setdefault(str(names.index(key)), set()).update(what)
            self._busy.discard(name)
            self._known[name] = merged
        return self._known[name].get(str(position), set())

    def refers(self, name: str, position: int) -> bool:
        """Whether the function takes argument `position` by reference."""
        return any(
            position < len(names) and names[position] in references
            for names, _, references, _ in self._by_name.get(name, ())
        )

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def reached(self, body: Sequence[Token]) -> list[Sequence[Token]]:
        """`body` and those of the functions that it calls, each once."""
        found: list[Sequence[Token]] = [body]
        seen: set[str] = set()
        for tokens in found:  # grows
            for token in tokens:
                if token.kind == "name" and token.text in self._by_name and token.text not in seen:
                    seen.add(token.text)
                    found.extend(code for *_, code in self._by_name[token.text])
        return found


def _is_value(parameter: Sequence[Token]) -> bool:
    """A number or a reference, which no pointer is made from: `uint n`, `constant float& scale`."""
    words = [t.text for t in parameter]
    return "*" not in words and "[" not in words and ("&" in words or any(map(element_dtype, words)))


def effects(
    body: Sequence[Token],
    names: Sequence[str],
    functions: Functions,
    values: Collection[str] = (),
    references: Collection[str] = (),
) -> Effects:
    """{"x": {"read"}, "out": {"write"}} for what `body` does through the pointers and references `names`.

    values: those of the names that are no pointers. references: those that are another name of something.
    """
    referring = set(references)
    owner = {name: name for name in names}
    found: Effects = {name: set() for name in names}
    for _ in range(3):  # an alias of an alias is known at the next turn
        for index, token in enumerate(body):
            if token.kind != "name" or token.text not in owner:
                continue
            if index and body[index - 1].text in (".", "->"):
                continue
            source = owner[token.text]
            alias = _alias(body, index, token.text in values)
            if alias and alias not in owner:
                owner[alias] = source
            if alias and body[_declarator(body, index)].text == "&":
                referring.add(alias)
            is_reference = token.text in referring
            found[source].update(() if alias else _use(body, index, functions, is_reference))
    return found


def _alias(body: Sequence[Token], index: int, is_value: bool) -> str:
    """`p` for `device T* p = x + ...`: the pointer that is made from the name at `index`.

    From a value one is made by its address alone: in `x + n` it is an operand. A reference is another name.
    """
    start = index
    while start > 0 and body[start - 1].text not in (";", "{", "}"):
        start -= 1
    words = [t.text for t in body[start:index]]
    if "=" not in words or words.index("=") < 2:
        return ""
    left = words[: words.index("=")]
    if is_value and "&" not in left and words[-1] != "&":
        return ""
    if "[" in left:  # an element, its index maybe a product
        return ""
    pointer = "*" in left or "auto" in left or "&" in left
    declares = pointer and (left[0] in (*ADDRESS_SPACES, "const", "auto") or "*" in left[:-1])
    behind = body[index + 1].text if index + 1 < len(body) else ""
    right = words[words.index("=") + 1 :]
    loaded = behind == "[" and "&" not in right and "&" not in left
    return left[-1] if declares and not loaded and left[0] != "*" else ""


def _declarator(body: Sequence[Token], index: int) -> int:
    """Index of what stands in front of the name that the declaration around `index` declares."""
    while index > 0 and body[index].text not in (";", "{", "}"):
        if body[index].text == "=":
            return index - 2
        index -= 1
    return index


def _use(body: Sequence[Token], index: int, functions: Functions, is_reference: bool = False) -> set[str]:
    """ "read", "write" or both for the occurrence of a pointer or reference at `index`."""
    first, last = index, index  # the expression that stands for the pointer
    while True:
        accessed = False
        behind = last + 1
        while behind < len(body) and body[behind].text in ("[", ".", "->"):
            accessed = True
            behind = matching(body, behind) + 1 if body[behind].text == "[" else behind + 2
        address = first > 0 and body[first - 1].text == "&" and not _is_operand(body, first - 2)
        pointed = first > 0 and body[first - 1].text == "*" and not _is_operand(body, first - 2)
        if address:
            call = _call_around(body, first - 1)
            return _of_call(*call, functions) if call else {"read", "write"}
        if accessed or pointed:
            call = _call_around(body, first)
            kind = _assignment(body, behind, first - 1 if pointed else first)
            if kind == {"read"} and call and call[0].startswith("simdgroup_store"):
                return _of_call(*call, functions)
            start = first - 1 if pointed else first
            whole = body[start - 1].text in ("(", ",") and body[behind].text in (",", ")")
            if kind == {"read"} and call and whole and functions.refers(*call):
                return _of_call(*call, functions)  # the element itself, `set(out[i], value)`
            return kind
        opening = _enclosing(body, first)
        if opening < 0:
            return _assignment(body, behind, first) if is_reference else _bare(body, behind)
        call = _call_around(body, first)
        if call is not None and call[0] not in _CASTS:
            return _of_call(*call, functions)
        first, last = opening, matching(body, opening)
        if call is not None:  # a named cast: `reinterpret_cast<device float4*>(x)`
            while first > 0 and body[first].text not in _CASTS:
                first -= 1
        elif first > 0 and body[first - 1].text == ")" and _is_cast(body, first - 1):
            first = _opening_of(body, first - 1)


def _assignment(body: Sequence[Token], behind: int, first: int) -> set[str]:
    """What the operator behind (or in front of) an element does to it."""
    after = [t.text for t in body[behind : behind + 3]] + ["", "", ""]
    before = [t.text for t in body[max(first - 2, 0) : first]]
    if after[0] == "=" and after[1] != "=":
        return {"write"}
    compound = after[0] in "+-*/%&|^" and after[0] and after[1] == "="
    shifted = after[0] in ("<", ">") and after[1] == after[0] and after[2] == "="
    stepped = (after[0] in ("+", "-") and after[1] == after[0]) or before in (["+", "+"], ["-", "-"])
    return {"read", "write"} if compound or shifted or stepped else {"read"}


def _bare(body: Sequence[Token], behind: int) -> set[str]:
    """A name alone: `x += stride;` moves a pointer, which is no access; elsewhere a reference is read."""
    after = [t.text for t in body[behind : behind + 2]] + ["", ""]
    moved = after[0] in ("=", "+", "-") and (after[0] == "=" or after[1] in ("=", after[0]))
    return set() if moved and after != ["=", "="] else {"read"}


def _of_call(name: str, position: int, functions: Functions) -> set[str]:
    if name.startswith("atomic_load") or name == "simdgroup_load":
        return {"read"}
    if name.startswith("atomic_store") or name == "simdgroup_store":
        return {"write"}
    if name.startswith("atomic_"):
        return {"read", "write"}
    known = functions.effect(name, position)
    return {"read", "write"} if known is None else known


def _call_around(body: Sequence[Token], index: int) -> tuple[str, int] | None:
    """(function, argument number) of the innermost call whose brackets are around `index`."""
    opening = _enclosing(body, index)
    if opening < 1:
        return None
    name = opening - 1
    if body[name].text == ">":
        depth = 0
        while name > 0:
            depth += (body[name].text == ">") - (body[name].text == "<")
            name -= 1
            if depth == 0:
                break
    if body[name].kind != "name" or body[name].text in ("if", "while", "for", "return", "switch"):
        return None
    pieces = split_commas(body[opening + 1 : matching(body, opening)])
    position = 0
    for number, piece in enumerate(pieces):
        if piece and piece[0].start <= body[index].start:
            position = number
    return body[name].text, position


def _enclosing(body: Sequence[Token], index: int) -> int:
    depth = 0
    for position in _back(index):
        word = body[position].text
        depth += word in (")", "]", "}")
        if word in ("(", "[", "{"):
            if depth == 0:
                return position if word == "(" else -1
            depth -= 1
        if word == ";" and depth == 0:
            return -1
    return -1


def _back(index: int) -> Iterator[int]:
    return iter(range(index - 1, -1, -1))


def _opening_of(body: Sequence[Token], closing: int) -> int:
    depth = 0
    for position in range(closing, -1, -1):
        depth += (body[position].text == ")") - (body[position].text == "(")
        if depth == 0:
            return position
    return closing


def _is_cast(body: Sequence[Token], closing: int) -> bool:
    """Whether the brackets that end at `closing` hold a pointer type."""
    words = [t.text for t in body[_opening_of(body, closing) + 1 : closing]]
    return bool(words) and words[-1] in ("*", "&")


def _is_operand(body: Sequence[Token], index: int) -> bool:
    """Whether what ends at `index` is a value, so that `*` or `&` behind it is a binary operator."""
    if index < 0:
        return False
    token = body[index]
    if token.text == ")":
        return not _is_cast(body, index)
    return (
        token.kind in ("name", "number") and token.text not in ("return", "case", "else")
    ) or token.text == "]"
