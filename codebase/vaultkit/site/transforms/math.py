"""A display formula alone on its line stands as a block of its own, as the site's Markdown needs it."""

from vaultkit.site.context import Context
from vaultkit.site.draft import Line


def math(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    for line in lines:
        if line.kind in ("text", "math") and context.stash.display_math(line.content):
            result += [
                line.blank(),
                Line(line.number, "math", line.indent, line.content.strip()),
                line.blank(),
            ]
        else:
            result.append(line)
    return result
