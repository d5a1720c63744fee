"""Canvases on pages: the drawing, its nodes' Markdown rendered, and the same as a list for listeners."""

from urllib.parse import urlsplit

from vaultkit.canvas.draw import draw, entities
from vaultkit.canvas.model import Canvas, Node
from vaultkit.canvas.read import read_canvas
from vaultkit.note import parse_note
from vaultkit.resolve import is_hidden, resolve
from vaultkit.site.context import Context, Target
from vaultkit.site.describe import plain
from vaultkit.site.images import IMAGE, image
from vaultkit.site.pages.parts import escape, linked
from vaultkit.site.ui import say
from vaultkit.vault import read_text

_WEB = ("http", "https", "mailto", "obsidian")


def load_canvas(context: Context, path: str) -> Canvas:
    """The canvas in a file of the vault, without what is private."""
    text, problems = read_text(context.vault.on_disk(path), path)
    canvas = read_canvas(path, text or "")
    canvas.problems[:0] = problems
    hidden = {
        node.id
        for node in canvas.nodes
        if node.type == "file" and is_hidden(context.vault, "/" + node.value.lstrip("/"), path)
    }
    if hidden:
        canvas.nodes = [node for node in canvas.nodes if node.id not in hidden]
        canvas.edges = [edge for edge in canvas.edges if not {edge.start, edge.end} & hidden]
    return canvas


def show_canvas(context: Context, canvas: Canvas, line: int = 0) -> list[str]:
    """Lines of Markdown: faults, the drawing, and the drawing as text; `line` is where it is embedded."""
    title = canvas.path.rsplit("/", 1)[-1].rpartition(".")[0]
    lines = [f'<div class="k-fault">{faults}</div>', ""] if (faults := _faults(context, canvas)) else []
    if not canvas.nodes:
        return [*lines, f'<p class="k-small">{say(context.language, "canvas_empty")}</p>', ""]
    context.panels.append(canvas.path)
    key = f"arrow-{len(context.panels)}"
    lines += draw(
        canvas,
        say(context.language, "canvas_of", name=title),
        lambda node: _body(context, canvas, node, line),
        key,
    )
    return [*lines, _as_text(context, canvas), ""]


def _faults(context: Context, canvas: Canvas) -> str:
    items = "".join(f"<li>{entities(problem.message)}</li>" for problem in canvas.problems[:20])
    return f"<p>{say(context.language, 'canvas_faults')}</p><ul>{items}</ul>" if items else ""


def _body(context: Context, canvas: Canvas, node: Node, line: int) -> list[str]:
    if node.type == "group":
        label = f'<p class="k-node-label">{entities(node.value)}</p>' if node.value else ""
        return [part for part in (label, _background(context, canvas, node)) if part]
    if node.type == "link":
        return [_web(node.value)]
    if node.type == "file":
        return _file(context, canvas, node)
    if context.pipeline is None:
        return [escape(node.value)]
    note = parse_note(canvas.path, "\n" + node.value)
    return [part.text for part in context.pipeline(note.text, context.inside(note, line))]


def _background(context: Context, canvas: Canvas, node: Node) -> str:
    """A group's image behind its nodes."""
    path = resolve(context.vault, "/" + node.background.lstrip("/"), canvas.path).path
    if not node.background or not path or not IMAGE.search(path):
        return ""
    url = context.url(Target(None, None, "", path))
    style = f"background-image:url('{url.replace(chr(39), '%27')}')"
    return f'<div class="k-node-back k-back-{node.background_style}" style="{entities(style)}"></div>'


def _web(url: str) -> str:
    try:
        parts = urlsplit(url)
        name = parts.netloc or url
    except ValueError:
        return entities(url)
    if parts.scheme.lower() not in _WEB:
        return entities(url)
    link = f'<a href="{entities(url)}" rel="noopener">{entities(name)}</a>'
    return f'<p>{link}</p><p class="k-small">{entities(url)}</p>'


def _file(context: Context, canvas: Canvas, node: Node) -> list[str]:
    """A file's link and title; images are shown, notes begin to speak."""
    target = _target(context, canvas, node)
    if target is None:
        text = say(context.language, "embed_missing", name=entities(node.value))
        return [f'<p class="k-missing">{text}</p>']
    if IMAGE.search(target.file):
        return [image(context, target, target.file, True)]
    lines = [linked(escape(_name(context, node, canvas.path)), target, context), "{: .k-node-title }"]
    words = context.sitemap.description(target.note.path, 400) if target.note else ""
    return [*lines, "", escape(words)] if words else lines


def _target(context: Context, canvas: Canvas, node: Node) -> Target | None:
    """A file node's file: an exact path, found as a link with that path is."""
    inside = context.inside(parse_note(canvas.path, ""))
    found = inside.find("/" + node.value.lstrip("/"), node.subpath.lstrip("#"), 0) if node.value else None
    if found and found.note and found.page:
        shown = context.vault.notes[found.page.note(context.language)]
        return Target(shown, found.page, found.anchor, found.file)
    return found


def _name(context: Context, node: Node, canvas_path: str) -> str:
    """What a node is called in the list: a title, a label, its first line."""
    if node.type == "file":
        path = resolve(context.vault, "/" + node.value.lstrip("/"), canvas_path).path or ""
        page = (
            context.sitemap.page_of(path) if path in context.vault.notes else context.sitemap.files.get(path)
        )
        name = context.sitemap.title(page, context.language) if page else node.value.rsplit("/", 1)[-1]
        return name + "".join(f" › {part.lstrip('^')}" for part in node.subpath.split("#") if part)
    lines = (plain(line).lstrip("#>- ").strip() for line in node.value.split("\n"))
    first = next((line for line in lines if line), node.id)
    return first if len(first) <= 120 else first[:119] + "…"


def _as_text(context: Context, canvas: Canvas) -> str:
    """A folded list of nodes, those of a group below it, and of edges; one line of HTML."""
    names = {node.id: _name(context, node, canvas.path) for node in canvas.nodes}
    groups = [node for node in canvas.nodes if node.type == "group"]
    inside: dict[str, list[Node]] = {}
    for node in canvas.nodes:
        if node.type != "group":
            holders = [group for group in groups if _holds(group, node)]
            holder = min(holders, key=lambda group: group.width * group.height, default=None)
            inside.setdefault(holder.id if holder else "", []).append(node)
    items = "".join(f"<li>{entities(names[node.id])}</li>" for node in inside.get("", []))
    for group in groups:
        members = "".join(f"<li>{entities(names[node.id])}</li>" for node in inside.get(group.id, []))
        items += f"<li>{entities(names[group.id])}<ul>{members}</ul></li>" if members else ""
    arrows = {(False, True): "→", (True, False): "←", (True, True): "↔", (False, False): "—"}
    edges = "".join(
        f"<li>{entities(names[e.start])} {arrows[e.start_mark == 'arrow', e.end_mark == 'arrow']} "
        f"{entities(names[e.end])}{f' ({entities(e.label)})' if e.label else ''}</li>"
        for e in canvas.edges
    )
    edges = f"<p>{say(context.language, 'canvas_edges')}</p><ul>{edges}</ul>" if edges else ""
    title = say(context.language, "canvas_text")
    return (
        f'<details class="source k-canvas-text"><summary>{title}</summary><ul>{items}</ul>{edges}</details>'
    )


def _holds(group: Node, node: Node) -> bool:
    x, y = node.x + node.width / 2, node.y + node.height / 2
    return group.x <= x <= group.x + group.width and group.y <= y <= group.y + group.height
