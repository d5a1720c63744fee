"""Embeds (`![[…]]`) of notes, sections, blocks, canvases, bases, sound, film, PDF, in place of the line.

Embedded text becomes a panel that names its source. What is not there, holds itself, or lies too deep is
said in a box; images stay for `links`, which shows them amid text.
"""

import re

from vaultkit.links import Link, line_links
from vaultkit.note import Note
from vaultkit.resolve import is_hidden, resolve
from vaultkit.site.bases import faults_html, load_base, show_view
from vaultkit.site.canvases import load_canvas, show_canvas
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.footnotes import cut, own_footnotes
from vaultkit.site.images import IMAGE
from vaultkit.site.media import media
from vaultkit.site.spans import Span, place_of
from vaultkit.site.ui import say

MAX_DEPTH = 5
MAX_PANELS = 200  # on one page

_ID = re.compile(r"(<[A-Za-z][^<>]*?)\s+id\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)


def embeds(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    for line in lines:
        found = _embeds_of(line, context) if line.kind == "text" and "![" in line.content else []
        if not found:
            result.append(line)
        elif line.content.lstrip().startswith("|"):
            result.append(Line(line.number, "text", line.prefix, _as_links(line.content, found)))
        else:
            result += _split(line, found, context)
    return result


def _embeds_of(line: Line, context: Context) -> list[Link]:
    """The embeds of a line that are shown as blocks."""
    found = []
    for link in line_links(line.content, line.content, line.number):
        path = resolve(context.vault, link.target, context.note.path).path
        if link.kind == "embed" and not (path and path not in context.vault.notes and IMAGE.search(path)):
            found.append(link)
    return found


def _as_links(content: str, found: list[Link]) -> str:
    """In a table only images are embedded."""
    for link in reversed(found):
        content = content[: link.column] + content[link.column + 1 :]
    return content


def _split(line: Line, found: list[Link], context: Context) -> list[Line]:
    """The line cut at its embeds, each a block of the same container."""
    result: list[Line] = []
    position = 0
    prefix = line.prefix
    for link in found:
        before = line.content[position : link.column]
        if before.strip():
            result += [Line(line.number, "text", prefix, before.rstrip()), line.blank()]
            prefix = line.indent
        shown = _show(link, line, context)
        if prefix == line.indent:
            result += [line.blank(), *shown, line.blank()]
        else:  # first in a list item: Python-Markdown needs a paragraph before a block there
            gap = Line(line.number, "text", prefix, '<span class="k-gap"></span>')
            result += [gap, line.blank(), *shown, line.blank()]
        prefix = line.indent
        position = link.column + len(link.raw)
    rest = line.content[position:].strip()
    return [*result, Line(line.number, "text", prefix, rest)] if rest else result


def _show(link: Link, line: Line, context: Context) -> list[Line]:
    """What stands in the place of an embed."""
    path = resolve(context.vault, link.target, context.note.path).path
    if path is None and is_hidden(context.vault, link.target, context.note.path):
        return []
    if path is None:
        return _box(line, say(context.language, "embed_missing", name=_code(link.target, context)))
    note = context.vault.notes.get(path)
    if note:
        return _panel(link, note, line, context)
    kind = path.rpartition(".")[2].lower()
    if kind == "base":
        return _base(link, path, line, context)
    if kind == "canvas" and not line.prefix.strip() and not context.embedded:
        canvas = load_canvas(context, path)
        return [line.new(text, "html") for text in show_canvas(context, canvas, line.number)]
    target = context.find(link.target, "", line)
    shown = media(context, target, link.subpath, link.display) if target and kind != "canvas" else None
    return [line.new(context.stash.put(shown) if shown else link.raw.removeprefix("!"))]


def _base(link: Link, path: str, line: Line, context: Context) -> list[Line]:
    base = load_base(context, path)
    view = base.view(link.subpath) if link.subpath else base.views[0] if base.views else None
    if view is None and not base.problems:
        names = {"file": _code(link.target, context), "place": _code(link.subpath, context)}
        return _box(line, say(context.language, "embed_view", **names))
    shown = show_view(context, base, view, context.note.path) if view else ""
    put = context.stash.put if line.prefix or context.embedded else context.stash.put_whole
    return [line.new(put(faults_html(context, base) + shown))]


def _panel(link: Link, named: Note, line: Line, context: Context) -> list[Line]:
    name = _code(link.raw.removeprefix("!"), context)
    place = place_of(context, named, link.subpath)
    if place is None:
        names = {
            "file": _code(link.target or named.stem, context),
            "place": _code(f"#{link.subpath}", context),
        }
        return _box(line, say(context.language, "embed_no_place", **names))
    note, span = place
    if any(path == note.path and span[0] <= at <= span[1] for path, at in context.open_at(line.number)):
        return _box(line, say(context.language, "embed_cycle", name=name))
    if len(context.embedded) >= MAX_DEPTH or len(context.panels) >= MAX_PANELS or context.pipeline is None:
        return _box(line, say(context.language, "embed_deep", name=name))
    context.panels.append(link.raw)
    body = own_footnotes(_body(note, span, line, context), f"e{len(context.panels)}-")
    source = say(context.language, "embedded_from", link=_source(link))
    title = Line(line.number, "text", f"{line.indent}> ", f"[!embed] {source}")
    return [title, *(_done(part, f"{line.indent}> {part.prefix}", line.number) for part in body)]


def _source(link: Link) -> str:
    """The link to what is shown; an embed's display text is none of its own."""
    raw = link.raw.removeprefix("!")
    return raw.split("|")[0].rstrip("\\") + "]]" if link.is_wikilink and "|" in raw else raw


def _body(note: Note, span: Span, line: Line, context: Context) -> list[Line]:
    """The lines of the span through all transforms, ids in its HTML taken out."""
    assert context.pipeline is not None
    inside = context.inside(note, line.number)
    parts = context.pipeline(cut(note, span), inside)
    for part in parts:
        if part.kind in ("text", "html") and "<" in part.content:
            part.content = _ID.sub(r"\1", part.content)
    while parts and not parts[0].text.strip():
        parts.pop(0)
    while parts and not parts[-1].text.strip():
        parts.pop()
    return parts


def _done(part: Line, prefix: str, number: int) -> Line:
    """A line that is Markdown already: no transform of the outer note may take it for its own."""
    return Line(number, "html" if part.kind == "text" else part.kind, prefix, part.content)


def _box(line: Line, text: str) -> list[Line]:
    return [Line(line.number, "text", f"{line.indent}> ", f"[!embed-missing] {text}")]


def _code(text: str, context: Context) -> str:
    """Text in a code span that no transform looks into."""
    return context.stash.put("`` " + text.replace("`", "'").replace("\n", " ") + " ``")
