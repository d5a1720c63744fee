"""Threadgroup variables: found in a kernel's text, and turned into references to the runtime's memory."""

from collections.abc import Sequence

from kvist.errors import KvistError
from kvist.metal.places import place_of
from kvist.metal.tokens import Token, matching

FIRST_ID = 32  # below it are the [[threadgroup(n)]] parameters
_BEFORE = ("static", "volatile", "const", "constexpr", "alignas")


def threadgroup_variables(tokens: Sequence[Token], text: str, label: str) -> dict[int, str]:
    """`threadgroup float sums[32];` to `auto& sums = ...threadgroup_variable<float [32]>(32, "sums");`."""
    replaced: dict[int, str] = {}
    count = 0
    for start, end in variable_statements(tokens, text, label):
        pieces = []
        for element, dimensions, name in declared_variables(tokens[start + 1 : end], text):
            variable = (
                f'::kvist_emulator::threadgroup_variable<{element}{dimensions}>({FIRST_ID + count}, "{name}")'
            )
            pieces.append(f"auto& {name} = {variable}")
            count += 1
        first = start
        while first > 0 and tokens[first - 1].text in _BEFORE:
            first -= 1
        replaced |= {t.start: "" for t in tokens[first:end]}
        replaced[tokens[start].start] = "; ".join(pieces)
    return replaced


def variable_statements(tokens: Sequence[Token], text: str, label: str) -> list[tuple[int, int]]:
    """(index of `threadgroup`, index of the semicolon) of each declaration of threadgroup variables."""
    found = []
    for index, token in enumerate(tokens):
        if token.text != "threadgroup" or token.kind != "name" or declares_pointer(tokens, index + 1):
            continue
        before = index
        while before > 0 and tokens[before - 1].text in _BEFORE:
            before -= 1
        previous = tokens[before - 1].text if before else "{"
        if _qualifies_function(tokens, index) or previous in ("[", "<"):
            continue  # an attribute, or an argument of a template
        end = next((i for i in range(index, len(tokens)) if tokens[i].text == ";"), index)
        file, line = place_of(text, token.start, label)
        if end == index + 1 or end == index or previous not in ("{", "}", ";", ":"):
            need = "a threadgroup variable declared in a statement of its own"
            raise KvistError(f"{file}:{line}", need, "something else")
        if _has_initial_value(without_braces(tokens[index:end])):
            raise KvistError(
                f"{file}:{line}", "a threadgroup variable without an initial value", "one with `=`"
            )
        found.append((index, end))
    return found


def without_braces(statement: Sequence[Token]) -> list[Token]:
    """`float a[2]` of `float a[2] = {0}`: nothing but zeros, on which no thread can rely."""
    out: list[Token] = []
    index = 0
    while index < len(statement):
        end = matching(statement, index) + 1 if statement[index].text == "{" else index
        if index < end and not any(t.text.strip("0.fFhHuU{},") for t in statement[index:end]):
            index = end
            if out and out[-1].text == "=":
                out.pop()
            continue
        out.append(statement[index])
        index += 1
    return out


def _has_initial_value(statement: Sequence[Token]) -> bool:
    """An `=` outside of brackets: the one in `a[N == 0 ? 1 : N]` compares."""
    depth = 0
    for token in statement:
        depth += (token.text in ("(", "[", "{", "<")) - (token.text in (")", "]", "}", ">"))
        if token.text == "=" and depth == 0:
            return True
    return False


def _qualifies_function(tokens: Sequence[Token], index: int) -> bool:
    """`f() threadgroup {` and the like: a member function for one address space."""
    following = tokens[index + 1].text if index + 1 < len(tokens) else ""
    return following in ("{", ":", ";", "noexcept", "->", "=")


def declares_pointer(tokens: Sequence[Token], start: int) -> bool:
    """Whether what follows `threadgroup` is a pointer or reference, an ordinary variable or parameter."""
    depth = 0
    for index, token in enumerate(tokens[start:], start):
        if depth == 0 and token.text in ("*", "&"):
            return True
        if (
            depth == 0
            and token.text == "("
            and [t.text for t in tokens[index + 1 : index + 2]] in (["*"], ["&"])
        ):
            return True  # to an array: `float (&t)[4]`
        if depth == 0 and token.text in (";", ",", "[", ")", "=", ">", "{", "}"):
            return False
        depth += token.text in ("(", "[", "{", "<")
        depth -= token.text in (")", "]", "}", ">")
    return False


def declared_variables(statement: Sequence[Token], text: str) -> list[tuple[str, str, str]]:
    """(element type, `[N][M]`, name) of each variable of `T a[N][M], b`."""
    statement = without_braces(_without_alignment(statement))
    declarators: list[list[Token]] = [[]]
    depth = 0
    for token in statement:
        depth += token.text in "([{<"
        depth -= token.text in ")]}>"
        if token.text == "," and depth == 0:
            declarators.append([])
        else:
            declarators[-1].append(token)
    first = declarators[0]
    bracket = next((i for i, t in enumerate(first) if t.text == "["), len(first))
    element = " ".join(text[first[0].start : first[bracket - 2].end].split())
    variables = []
    for declarator in [first[bracket - 1 :], *declarators[1:]]:
        dimensions = text[declarator[0].end : declarator[-1].end]
        variables.append((element, " ".join(dimensions.split()), declarator[0].text))
    return variables


def _without_alignment(statement: Sequence[Token]) -> list[Token]:
    out: list[Token] = []
    index = 0
    while index < len(statement):
        if statement[index].text == "alignas" and index + 1 < len(statement):
            index = matching(statement, index + 1) + 1
            continue
        if statement[index].text not in _BEFORE:
            out.append(statement[index])
        index += 1
    return out
