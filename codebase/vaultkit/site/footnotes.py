"""Part of a note, by itself: its lines, and the footnotes and link definitions that they use."""

import re
from dataclasses import replace

from vaultkit.note import Note
from vaultkit.site.draft import Line

_LABEL = re.compile(r"\[\^([^\]\s]{1,100})\]")
_FOOTNOTE = re.compile(r"\[\^([^\]\s]{1,100})\]:")
_DEFINITION = re.compile(r"\[[^\]^][^\]]{0,200}\]:\s")


def cut(note: Note, span: tuple[int, int]) -> str:
    """The note's text with all lines blank but those of the span, moved to the margin; numbers stay."""
    lines = [""] * len(note.scan.lines)
    first = note.scan.lines[span[0] - 1] if span[0] <= len(lines) else ""
    indent = len(first) - len(first.lstrip(" \t"))
    for number in range(span[0], span[1] + 1):
        line = note.scan.lines[number - 1]
        lines[number - 1] = line[min(indent, len(line) - len(line.lstrip(" \t"))) :]
    if note.scan.front_end < span[0] or span[1] < len(lines):
        _add_definitions(note, span, lines)
    return "\n".join(lines) + "\n"


def _add_definitions(note: Note, span: tuple[int, int], lines: list[str]) -> None:
    wanted = set(_LABEL.findall("\n".join(lines)))
    number = note.body_line
    while number <= len(lines):
        line = note.scan.lines[number - 1]
        found = _FOOTNOTE.match(line)
        outside = not span[0] <= number <= span[1] and note.scan.kind(number) == "text"
        if outside and ((found and found[1] in wanted) or (_DEFINITION.match(line) and not found)):
            lines[number - 1] = line
            while found and number < len(lines) and note.scan.lines[number][:1] in (" ", "\t"):
                lines[number] = note.scan.lines[number]
                number += 1
        number += 1


def own_footnotes(lines: list[Line], prefix: str) -> list[Line]:
    """The lines with `prefix` before each footnote's label: two texts on one page may number alike."""
    texts = [line.text.lstrip(" >") for line in lines if line.kind == "text"]
    defined = {found[1] for text in texts if (found := _FOOTNOTE.match(text))}

    def rename(found: re.Match[str]) -> str:
        return f"[^{prefix}{found[1]}]" if found[1] in defined else found[0]

    return [
        replace(line, prefix=_LABEL.sub(rename, line.prefix), content=_LABEL.sub(rename, line.content))
        if line.kind == "text"
        else line
        for line in lines
    ]
