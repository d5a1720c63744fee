"""Self-check cards: a line `question::answer` becomes a folded block that shows the question first."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_CARD = re.compile(r"(?P<question>[^:]\S?.*?):::?(?!:)(?P<answer>.*\S)\s*$")


def cards(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    for line in lines:
        found = _CARD.match(line.content) if line.kind == "text" and "::" in line.content else None
        if not found or line.content.startswith(("|", "#")) or "k-field" in line.content:
            result.append(line)
            continue
        quote = ">" * line.prefix.count(">")
        prefix = f"{quote} " if quote else ""
        result += [
            Line(line.number, "blank", quote, ""),
            Line(line.number, "text", f"{prefix}> ", f"[!card]- {found['question'].strip()}"),
            Line(line.number, "text", f"{prefix}> ", found["answer"].strip()),
            Line(line.number, "blank", quote, ""),
        ]
    return result
