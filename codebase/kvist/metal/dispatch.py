"""Functions that Metal tells apart by address space and that do different things: one asks at run time.

`float f(device float* p) { A }` and `float f(threadgroup float* p) { B }` become two functions of other
names, and an `f` of the same parameters looks at where p points and calls one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kvist.metal.overloads import SPACES, Definition, Span, repeated_definitions
from kvist.metal.tokens import Token, attribute_end, is_attribute, matching, split_commas

_ASKED = ("device", "constant", "threadgroup", "thread")


@dataclass(frozen=True, slots=True)
class _Version:
    """One of the functions: its span, head without parameter list, parameters, and the name's index."""

    span: Span
    name: int
    opening: int
    parameters: tuple[tuple[Token, ...], ...]

    def space(self, number: int) -> str:
        """Of a parameter, or nothing."""
        return next((t.text for t in self.parameters[number] if t.text in _ASKED), "")


def dispatched(tokens: Sequence[Token], found: Sequence[Definition]) -> tuple[dict[int, str], set[Span]]:
    """Replacements by offset, and the spans of the versions, which all stay."""
    heads = {span: head for span, _, head in found}
    scopes = {span: scope for span, scope, _ in found}
    groups: dict[Span, list[Span]] = {}
    for span, first in repeated_definitions(tokens, found):
        groups.setdefault(first, [first]).append(span)
    replaced: dict[int, str] = {}
    kept: set[Span] = set()
    for spans in groups.values():
        bodies = [[t.text for t in tokens[heads[s][1] : s[1]] if t.text not in SPACES] for s in spans]
        if all(body == bodies[0] for body in bodies) or any(scopes[s].startswith("class") for s in spans):
            continue
        versions = [_version(tokens, s, heads[s]) for s in spans]
        if None in versions or [";"] in bodies:
            continue
        made = _replacements(tokens, [v for v in versions if v is not None])
        if made:
            replaced |= made
            kept |= set(spans)
    return replaced, kept


def _version(tokens: Sequence[Token], span: Span, head: Span) -> _Version | None:
    opening = next((i for i in range(head[0] + 1, head[1]) if tokens[i].text == "("), 0)
    words = [t.text for t in tokens[slice(*head)]]
    if not opening or tokens[opening - 1].kind != "name" or {"operator", "=", "."} & set(words):
        return None
    pieces = tuple(tuple(p) for p in split_commas(tokens[opening + 1 : matching(tokens, opening)]))
    named = all(len(p) > 1 and p[-1].kind == "name" for p in pieces)
    return _Version(span, opening - 1, opening, pieces) if named else None


def _replacements(tokens: Sequence[Token], versions: Sequence[_Version]) -> Mapping[int, str]:
    first = versions[0]
    name = tokens[first.name].text
    asked = [n for n in range(len(first.parameters)) if len({v.space(n) for v in versions}) > 1]
    if not asked or any(not v.space(n) for v in versions for n in asked):
        return {}
    template = _template_arguments(tokens, first)
    if template is None:
        return {}
    widest = max(
        versions, key=lambda v: sum(_is_const(v.parameters[n]) for n in asked)
    )  # takes what all take
    given = [_given(v, widest, asked, template) for v in versions]
    choice = f"{name}_kvist_0{given[0]}"
    for number, version in enumerate(versions[1:], 1):
        tests = [
            f"::kvist_emulator::is_in({_address(widest, n)}, '{_code(version.space(n))}')" for n in asked
        ]
        choice = f"{' && '.join(tests)} ? {name}_kvist_{number}{given[number]} : {choice}"
    head = _head(tokens, widest)
    replaced = {tokens[v.name].start: f"{name}_kvist_{n}" for n, v in enumerate(versions)}
    begin, last = tokens[first.span[0]], tokens[versions[-1].span[1] - 1]
    if begin.start in replaced or begin.text in ("[", "constant"):
        return {}
    kept = "" if begin.text in SPACES else begin.text
    replaced[begin.start] = f"{head}; {kept}"
    replaced[last.start] = f"}} {head} {{ return {choice}; }}"
    return replaced


def _is_const(piece: Sequence[Token]) -> bool:
    return any(t.text in ("const", "constant") for t in piece)


def _given(version: _Version, named: _Version, asked: Sequence[int], template: str) -> str:
    """The arguments, cast where a version may write what the widest one only reads."""
    names = [p[-1].text for p in named.parameters]
    for n in asked:
        if not _is_const(version.parameters[n]):
            own = " ".join(t.text for t in version.parameters[n][:-1] if t.text not in SPACES)
            names[n] = f"({own}){names[n]}"
    return f"{template}({', '.join(names)})"


def _code(space: str) -> str:
    return {"device": "d", "constant": "c", "threadgroup": "g", "thread": "t"}[space]


def _address(version: _Version, number: int) -> str:
    piece = version.parameters[number]
    reference = any(t.text == "&" for t in piece)
    return f"__builtin_addressof({piece[-1].text})" if reference else piece[-1].text


def _head(tokens: Sequence[Token], version: _Version) -> str:
    """The declaration as C++."""
    words: list[str] = []
    index, end = version.span[0], matching(tokens, version.opening) + 1
    while index < end:
        if is_attribute(tokens, index):
            index = attribute_end(tokens, index)
            continue
        word = tokens[index].text
        if word == "constant":
            near = (tokens[index - 1].text, tokens[index + 1].text)
            words += [] if "const" in near else ["const"]
        elif word not in SPACES:
            words.append(word)
        index += 1
    return " ".join(words)


def _template_arguments(tokens: Sequence[Token], version: _Version) -> str | None:
    """`<T, N>` of a template, nothing without one, None for what cannot be handed on."""
    begin = version.span[0]
    if tokens[begin].text != "template":
        return ""
    depth, index, names = 0, begin + 1, []
    while index < version.name:
        word = tokens[index].text
        depth += (word == "<") - (word == ">")
        ends = (word == "," and depth == 1) or depth == 0
        if ends:
            names.append(tokens[index - 1].text)
        if depth == 0:
            break
        index += 1
    return f"<{', '.join(names)}>" if all(n.isidentifier() for n in names) else None
