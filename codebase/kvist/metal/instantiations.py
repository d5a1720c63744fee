"""Explicit instantiations of kernel templates, in the ways that Metal sources write them."""

from collections.abc import Sequence
from dataclasses import dataclass

from kvist.metal.tokens import Token, matching


@dataclass(frozen=True, slots=True)
class Instantiation:
    """`template [[host_name("rms_norm_half")]] [[kernel]] decltype(f<half>) f<half>;`: instance `f<half>`."""

    host_name: str
    kernel: str
    instance: str
    start: int
    end: int


def instantiation(text: str, tokens: Sequence[Token], start: int) -> tuple[Instantiation | None, int]:
    """What the `template` at `start` (no `<` behind it) instantiates, None if no kernel, and the index after.

    The last thing in front of the semicolon is `f<half>`, or `f<half>(device half* x, ...)`.
    """
    end = start
    while end < len(tokens) and tokens[end].text != ";":
        end = matching(tokens, end) if tokens[end].text in ("(", "[", "{") else end
        end += 1
    end = min(end, len(tokens) - 1)
    statement = tokens[start:end]
    if not any(t.text == "kernel" for t in statement) or not statement:
        return None, end + 1
    last = len(statement) - 1
    if statement[last].text == ")":
        last = _opening(statement, last, "(", ")") - 1
    if last < 0 or statement[last].text != ">":
        return None, end + 1
    begin = _opening(statement, last, "<", ">") - 1
    strings = [t.text[1:-1] for t in statement[:begin] if t.kind == "string"]
    instance = " ".join(text[statement[begin].start : statement[last].end].split())
    made = Instantiation(
        host_name="".join(strings) or instance,
        kernel=statement[begin].text,
        instance=instance,
        start=statement[0].start,
        end=tokens[end].end,
    )
    return made, end + 1


def _opening(tokens: Sequence[Token], closing: int, opens: str, closes: str) -> int:
    """Index of the bracket that the one at `closing` closes."""
    depth = round_depth = 0
    for index in range(closing, -1, -1):
        word = tokens[index].text
        round_depth += (word == ")") - (word == "(") if opens != "(" else 0
        if round_depth == 0:
            depth += (word == closes) - (word == opens)
        if depth == 0 and round_depth == 0:
            return index
    return 0
