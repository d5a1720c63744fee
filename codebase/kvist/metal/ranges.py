"""`float s[N] = { [0 ... N - 1] = 0 };`: a range of elements, which clang takes and g++ does not."""

from collections.abc import Sequence

from kvist.metal.tokens import Token, matching, split_commas

_DOTS = [".", ".", "."]


def range_initializers(tokens: Sequence[Token]) -> dict[int, str]:
    """Replacements by offset: the array starts as zeros, and loops behind it give elements their values."""
    replaced: dict[int, str] = {}
    for index in range(3, len(tokens) - 2):
        if [t.text for t in tokens[index : index + 3]] != ["=", "{", "["] or tokens[index - 1].text != "]":
            continue
        closing = matching(tokens, index + 1)
        entries = [list(piece) for piece in split_commas(tokens[index + 2 : closing]) if piece]
        name = _array(tokens, index - 1)
        ranges = any(_dots(e) for e in entries)
        if not name or not ranges or not all(e[0].text == "[" for e in entries):
            continue
        replaced |= {t.start: "" for t in tokens[index + 1 : closing + 1] if t.text in ("{", "}", ",", ".")}
        inner = {t.start for e in entries for t in e}
        replaced = {s: r for s, r in replaced.items() if s not in inner}
        replaced[tokens[index].start] = "= {};"
        for number, entry in enumerate(entries):
            replaced |= _entry(entry, name)
            if number:
                replaced[entry[0].start] = "; " + replaced[entry[0].start]
    return replaced


def _entry(entry: Sequence[Token], name: str) -> dict[int, str]:
    bracket = matching(entry, 0)
    dots = _dots(entry)
    if not dots:
        return {entry[0].start: f"{name}["}
    made = {entry[dots].start: "); kvist_i <= int(", entry[dots + 1].start: "", entry[dots + 2].start: ""}
    made[entry[0].start] = "for (int kvist_i = int("
    made[entry[bracket].start] = f"); ++kvist_i) {name}[kvist_i]"
    return made


def _dots(entry: Sequence[Token]) -> int:
    """Index of `...` inside of the leading brackets, or 0."""
    for index in range(matching(entry, 0) - 2):
        if [t.text for t in entry[index : index + 3]] == _DOTS:
            return index
    return 0


def _array(tokens: Sequence[Token], closing: int) -> str:
    """The name in front of the `[...]` that ends at `closing`, or nothing where it is const."""
    opening = closing
    while opening > 0 and tokens[opening].text != "[":
        opening -= 1
    if tokens[opening - 1].kind != "name":
        return ""
    start = opening - 1
    while start > 0 and tokens[start - 1].text not in (";", "{", "}", ")"):
        start -= 1
    words = [t.text for t in tokens[start : opening - 1]]
    return "" if {"const", "constexpr", "constant", ",", "="} & set(words) else tokens[opening - 1].text
