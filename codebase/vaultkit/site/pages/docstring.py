"""A docstring as Markdown: paragraphs, lists and indented examples; code, formulas and web links live."""

import re

from vaultkit.site.pages.parts import prose

_ITEM = re.compile(r"- +(?P<text>.*)")


def docstring(text: str) -> list[str]:
    """Lines of Markdown; [] for an empty docstring."""
    lines: list[str] = []
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        if part.strip():
            lines += [*_part(part.splitlines()), ""]
    return lines


def _part(lines: list[str]) -> list[str]:
    if all(line.startswith("    ") for line in lines):
        return ["```text", *(line[4:] for line in lines), "```"]
    found: list[str] = []
    plain: list[str] = []
    for line in lines:
        if item := _ITEM.match(line.strip()):
            found.append(item["text"])
        elif found:
            found[-1] += " " + line.strip()  # an item's further lines, however they are indented
        else:
            plain.append(line.strip())
    start = [prose(" ".join(plain))] if plain else []
    between = [""] if plain and found else []
    return [*start, *between, *(f"- {prose(item)}" for item in found)]
