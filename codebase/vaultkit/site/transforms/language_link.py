"""Drop the line that only links to the same note in the other language: the site has a switch for that."""

from vaultkit.links import line_links
from vaultkit.resolve import resolve
from vaultkit.site.context import Context
from vaultkit.site.draft import Line


def language_link(lines: list[Line], context: Context) -> list[Line]:
    return [line for line in lines if not _is_language_link(line, context)]


def _is_language_link(line: Line, context: Context) -> bool:
    content = line.content.strip()
    if line.kind != "text" or line.prefix.strip() or not content.startswith("[["):
        return False
    found = line_links(content, content, line.number)
    if len(found) != 1 or found[0].raw != content or found[0].subpath:
        return False
    target = resolve(context.vault, found[0].target, context.note.path).path
    return target in context.page.notes.values() and target != context.note.path
