"""Embedded notes, sections and blocks (`![[Note#Heading]]` alone on a line) as panels that name the source.

Bounded on purpose: an embed inside an embed is a link, so no cycle and no page grows without end.
"""

from vaultkit.links import Link, line_links
from vaultkit.note import Note
from vaultkit.resolve import resolve
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.ui import say

MAX_DEPTH = 1


def embeds(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    for line in lines:
        link = _whole_line(line)
        note = _note_of(link, context) if link else None
        if link is None or note is None:
            result.append(line)
        elif len(context.embedded) >= MAX_DEPTH or note.path == context.note.path:
            result.append(Line(line.number, "text", line.prefix, line.content.replace("![[", "[[", 1)))
        else:
            result += _panel(line, link, note, context)
    return result


def _whole_line(line: Line) -> Link | None:
    content = line.content.strip()
    if line.kind != "text" or not content.startswith("![["):
        return None
    found = line_links(content, content, line.number)
    return found[0] if len(found) == 1 and found[0].raw == content else None


def _note_of(link: Link, context: Context) -> Note | None:
    """The note to show: the reader's language of the one that is named."""
    path = resolve(context.vault, link.target, context.note.path).path
    page = context.sitemap.page_of(path) if path in context.vault.notes else None
    return context.vault.notes[page.note(context.language)] if page and path else None


def _panel(line: Line, link: Link, note: Note, context: Context) -> list[Line]:
    span = _span(link, note, line, context)
    if span is None or context.pipeline is None:
        return [Line(line.number, "text", line.prefix, line.content.replace("![[", "[[", 1))]
    body = [
        part
        for part in context.pipeline(note.text, context.inside(note))
        if span[0] <= part.number <= span[1]
    ]
    source = say(context.language, "embedded_from", link=link.raw.removeprefix("!"))
    title = Line(line.number, "text", f"{line.indent}> ", f"[!embed] {source}")
    quoted = [Line(line.number, part.kind, f"{line.indent}> {part.prefix}", part.content) for part in body]
    return [line.blank(), title, *quoted, line.blank()]


def _span(link: Link, note: Note, line: Line, context: Context) -> tuple[int, int] | None:
    """First and last line of what the embed names, in the note that is shown."""
    last = len(note.scan.lines)
    if not link.subpath:
        return note.body_line, last
    target = context.find(link.target, link.subpath, line)
    anchors = context.sitemap.anchors(note)
    number = next((n for n, anchor in {**anchors.also, **anchors.headings, **anchors.blocks}.items()
                   if target and anchor == target.anchor), 0)  # fmt: skip
    for index, heading in enumerate(note.headings):
        if heading.line == number:
            later = (h.line for h in note.headings[index + 1 :] if h.level <= heading.level)
            return number + 1, next(later, last + 1) - 1
    return _block_span(note, number) if number else None


def _block_span(note: Note, number: int) -> tuple[int, int]:
    """The lines around a block id up to the nearest blank lines (above an id that stands alone)."""
    end = number
    if note.scan.lines[number - 1].strip().startswith("^"):
        end = number - 1
        while end > 1 and note.scan.kind(end) == "blank":
            end -= 1
    start = end
    while start > note.body_line and note.scan.kind(start - 1) != "blank":
        start -= 1
    return start, end
