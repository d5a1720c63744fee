"""What the emulator would get wrong without a word, found in the tokens and refused.

C++ has no address spaces: functions that differ in nothing else are one function there, variables may live
anywhere, and every pointer fits.
"""

from collections.abc import Iterator, Mapping, Sequence

from kvist.errors import KvistError
from kvist.metal.dispatch import dispatched
from kvist.metal.overloads import SPACES, Definition, repeated_definitions
from kvist.metal.places import place_of
from kvist.metal.threadgroup_variables import declares_pointer
from kvist.metal.tokens import Token, attribute_end, is_attribute, matching, split_commas

_NOT_PRIVATE = ("device", "constant", "threadgroup")


def require_emulable(tokens: Sequence[Token], found: Sequence[Definition], text: str, label: str) -> None:
    """Raise KvistError, with file and line, for the first that there is. found: `overloads.definitions`."""
    for check in (
        _overloads(tokens, found, text, label),
        _constants(tokens, found),
        _expected(tokens, found),
    ):
        for token, need, got, hint in check:
            raise KvistError(_place(token, text, label), need, got, hint)
    for token in _indices(tokens):
        need = f"a number, or a constant of the file, as index in [[buffer({token.text})]]"
        raise KvistError(_place(token, text, label), need, f"{token.text}, which nothing defines")


Refusal = tuple[Token, str, str, str]


def _place(token: Token, text: str, label: str) -> str:
    file, line = place_of(text, token.start, label)
    return f"{file}:{line}"


def _overloads(
    tokens: Sequence[Token], found: Sequence[Definition], text: str, label: str
) -> Iterator[Refusal]:
    """Functions that differ in address space and do different things: one of them would run for both."""
    repeated = repeated_definitions(tokens, found)
    if not repeated:
        return
    _, told_apart = dispatched(tokens, found)
    heads = {span: head for span, _, head in found}
    for span, first in repeated:
        if span in told_apart:
            continue
        bodies = [[t.text for t in tokens[heads[s][1] : s[1]] if t.text not in SPACES] for s in (span, first)]
        if bodies[0] == bodies[1] or bodies[0] == [";"] or bodies[1] == [";"]:
            continue
        name = _name(tokens[slice(*heads[span])])
        if name is None or not _used(name.text, tokens, found):
            continue
        other = next((t for t in tokens[slice(*heads[first])] if t.text == name.text), tokens[first[0]])
        got = f"`{name.text}` of {_place(other, text, label)} and this one, whose bodies differ"
        need = "methods and operators that differ in more than an address space"
        yield name, need, got, "the emulator tells plain functions apart alone: give them different names"


def _name(head: Sequence[Token]) -> Token | None:
    """In front of the parameter list."""
    opening = next((i for i, t in enumerate(head) if t.text == "(" and i), 0)
    return head[opening - 1] if opening else None


def _used(name: str, tokens: Sequence[Token], found: Sequence[Definition]) -> bool:
    """Whether the name stands anywhere but in the heads of definitions. An operator is always used."""
    if not name.isidentifier():
        return True
    heads = sum(t.text == name for *_, (first, last) in found for t in tokens[first:last])
    return sum(t.text == name for t in tokens) > heads


def _bodies(tokens: Sequence[Token], found: Sequence[Definition]) -> Iterator[tuple[int, int, int, int]]:
    """(head, its end, body, its end) of functions with a body, as indices."""
    for (_, end), _, (first, last) in found:
        words = [t.text for t in tokens[first:last]]
        if tokens[end - 1].text == "}" and "(" in words:
            yield first, last, last, end


def _constants(tokens: Sequence[Token], found: Sequence[Definition]) -> Iterator[Refusal]:
    """`constant float c = 1;` inside a function: MSL has them at program scope, or static."""
    for *_, begin, end in _bodies(tokens, found):
        for index in range(begin + 1, end):
            previous = tokens[index - 1].text
            if tokens[index].text != "constant" or previous not in ("{", "}", ";"):
                continue
            statement = [t.text for t in tokens[index:end]]
            statement = statement[: statement.index(";")] if ";" in statement else statement
            if "static" not in statement and not declares_pointer(tokens, index + 1):
                hint = "`constexpr` inside a function, `constant` outside of all"
                yield tokens[index], "a constant variable at program scope", "one inside a function", hint


def _expected(tokens: Sequence[Token], found: Sequence[Definition]) -> Iterator[Refusal]:
    """The second argument of a compare-exchange is a pointer to a variable of the thread."""
    for first, last, begin, end in _bodies(tokens, found):
        head = tokens[first:last]
        opening = next((i for i, t in enumerate(head) if t.text == "(" and i), 0)
        spaced = {}
        for piece in split_commas(head[opening + 1 : matching(head, opening)]):
            words = [t.text for t in piece]
            name = next((w for w in reversed(words[: _attribute(piece)]) if w.isidentifier()), "")
            space = next((w for w in words if w in _NOT_PRIVATE), "")
            if space and "*" in words:
                spaced[name] = space
        for index in range(begin, end):
            alias = _alias(tokens, index, end, spaced)
            if alias:
                spaced[alias[0]] = alias[1]
            if not tokens[index].text.startswith("atomic_compare_exchange") or tokens[index + 1].text != "(":
                continue
            inside = tokens[index + 2 : matching(tokens, index + 1)]
            arguments = list(split_commas(inside))
            words = [t.text for t in arguments[1]] if len(arguments) > 1 else []
            name = words[1] if words[:1] == ["&"] and len(words) > 2 else (words or [""])[0]
            plain = len(words) == 1 or words[1:2] == ["+"] or (words[0] == "&" and words[2:3] == ["["])
            if name in spaced and plain:
                got = f"`{name}` in {spaced[name]} memory"
                need = "a variable of the thread behind the pointer to the expected value"
                yield arguments[1][0], need, got, f"`uint expected = ...;` and `&expected` for {name}"


def _alias(
    tokens: Sequence[Token], index: int, end: int, spaced: Mapping[str, str]
) -> tuple[str, str] | None:
    """(name, space) of `device uint* p = ...`, and of `auto p = q + 1` with such a q, at `index`."""
    if tokens[index - 1].text not in ("{", "}", ";") or tokens[index].text not in (*_NOT_PRIVATE, "auto"):
        return None
    stop = next((i for i in range(index, end) if tokens[i].text in ("=", ";")), end)
    words = [t.text for t in tokens[index:stop]]
    name = next((w for w in reversed(words) if w.isidentifier()), "")
    if words[0] != "auto":
        return (name, words[0]) if "*" in words else None
    value = [t.text for t in tokens[stop + 1 : stop + 5]]
    base = value[1:3] if value[:1] == ["&"] else value[:2]
    known = (
        base[:1] and base[0] in spaced and base[1:] in ([";"], ["+"], ["-"], ["["] if value[0] == "&" else [])
    )
    return (name, spaced[base[0]]) if known else None


def _attribute(piece: Sequence[Token]) -> int:
    return next((i for i in range(len(piece)) if is_attribute(piece, i)), len(piece))


def _indices(tokens: Sequence[Token]) -> Iterator[Token]:
    """Names in `[[buffer(NAME)]]` that stand nowhere else."""
    index, inside, names = 0, [], set()
    while index < len(tokens):
        if is_attribute(tokens, index):
            end = attribute_end(tokens, index)
            words = [t.text for t in tokens[index + 2 : end - 2]]
            if len(words) == 4 and words[0] in ("buffer", "threadgroup") and words[2].isidentifier():
                inside.append(tokens[index + 4])
            index = end
            continue
        names.add(tokens[index].text)
        index += 1
    yield from (t for t in inside if t.text not in names)
