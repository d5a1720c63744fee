"""Wikilinks and internal Markdown links become Markdown links between staged files; images too."""

import re

from vaultkit import mdlink
from vaultkit.links import Link, line_links
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.images import IMAGE, external_image, image
from vaultkit.site.pages.parts import linked

_PLAIN = re.compile(r"[\[\]]")


def links(lines: list[Line], context: Context) -> list[Line]:
    return [
        Line(line.number, "text", line.prefix, _rewrite(line, context))
        if line.kind == "text" and "[" in line.content
        else line
        for line in lines
    ]


def _rewrite(line: Line, context: Context) -> str:
    content = _external_images(line, context)
    parts: list[str] = []
    position = 0
    for link in line_links(content, content, line.number):
        if link.column < position:
            continue
        parts += [content[position : link.column], render(link, line, context)]
        position = link.column + len(link.raw)
    return "".join([*parts, content[position:]])


def render(link: Link, line: Line, context: Context) -> str:
    """One link as Markdown; a link that leads nowhere becomes marked text (and a problem)."""
    target = context.find(link.target, link.subpath, line)
    in_table = line.content.lstrip().startswith("|")
    if link.kind == "embed" and target and IMAGE.search(target.file):
        return image(context, target, link.display, link.is_wikilink, inline=line.content.strip() != link.raw)
    text = link.text if not link.is_wikilink else _PLAIN.sub(lambda m: "\\" + m[0], link.text)
    if in_table:
        text = text.replace("|", "&#124;")
    if target is None:
        return f'<span class="k-missing">{text}</span>'
    return linked(text, target, context)


def _external_images(line: Line, context: Context) -> str:
    """An image on another host would be fetched by every reader: it becomes a link, and a problem."""
    content = line.content
    for found in list(mdlink.find(content)):
        if found.embed and mdlink.is_external(found.destination):
            if context.sitemap.plain:
                content = content.replace(found.raw, external_image(found.display, found.destination))
                continue
            context.report(
                line,
                "external-image",
                f"image on another host: {found.destination}",
                "put it into attachments/",
            )
            content = content.replace(found.raw, found.raw[1:])
    return content
