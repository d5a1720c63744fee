"""Inline `#tags` as small labels that lead to the tag's page (Python-Markdown would read one at a line's
start as a heading).
"""

from vaultkit import mdlink, wikilink
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.pages.tags import chip, tag_label
from vaultkit.site.tagged import tag_key
from vaultkit.tags import TAG


def tags(lines: list[Line], context: Context) -> list[Line]:
    if not any(line.kind == "text" and "#" in line.content for line in lines):
        return lines
    own = {tag_key(tag) for tag in context.note.tags}
    return [
        Line(line.number, line.kind, line.prefix, _labelled(line.content, own, context))
        if line.kind == "text" and "#" in line.content
        else line
        for line in lines
    ]


def _labelled(content: str, own: set[str], context: Context) -> str:
    """The line with its tags as labels; `own` are those that the note has, a link in a link is none."""
    links = [(found.column, found.column + len(found.raw)) for found in mdlink.find(content)]
    links += [(found.column, found.column + len(found.raw)) for found in wikilink.find(content)]
    result, position = [], 0
    for tag in TAG.finditer(content):
        if tag[1].isdigit():
            continue
        shown = tag[1].replace("_", "&#95;").replace("~", "&#126;")
        linked = tag_key(tag[1]) in own and not any(start <= tag.start() < end for start, end in links)
        label = chip(context, tag[1], shown) if linked else tag_label(shown)
        result += [content[position : tag.start()], label]
        position = tag.end()
    return "".join([*result, content[position:]])
