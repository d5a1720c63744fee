"""The transforms that turn Obsidian Markdown into plain Markdown, one per file, in the order they run.

Each takes the lines of a note and a `Context` and returns lines; none knows MkDocs. In the lines, code and
formulas are placeholders, so a transform never meets them. `structure` is the last step and works on text.
"""

from collections.abc import Callable

from vaultkit.site.context import Context
from vaultkit.site.draft import Line, text_of
from vaultkit.site.reader import read
from vaultkit.site.transforms.base_blocks import base_blocks
from vaultkit.site.transforms.block_ids import block_ids
from vaultkit.site.transforms.braces import braces
from vaultkit.site.transforms.callouts import callouts
from vaultkit.site.transforms.captions import captions
from vaultkit.site.transforms.cards import cards
from vaultkit.site.transforms.controls import controls
from vaultkit.site.transforms.definitions import definitions
from vaultkit.site.transforms.diagrams import diagrams
from vaultkit.site.transforms.embeds import embeds
from vaultkit.site.transforms.fields import fields
from vaultkit.site.transforms.foreign_blocks import foreign_blocks
from vaultkit.site.transforms.headings import headings
from vaultkit.site.transforms.items import items
from vaultkit.site.transforms.language_link import language_link
from vaultkit.site.transforms.links import links
from vaultkit.site.transforms.math import math
from vaultkit.site.transforms.outputs import outputs
from vaultkit.site.transforms.structure import structure
from vaultkit.site.transforms.tags import tags
from vaultkit.site.transforms.tracker import tracker

Transform = Callable[[list[Line], Context], list[Line]]

# What must come before what: block ids and headings go by line number, so before anything adds lines; embeds
# before links (which know only images); fields, cards and captions before links (they look for them).
LINE_TRANSFORMS: tuple[Transform, ...] = (
    language_link,
    diagrams,
    braces,
    headings,
    block_ids,
    base_blocks,
    controls,
    outputs,
    foreign_blocks,
    definitions,
    tracker,
    callouts,
    items,
    fields,
    cards,
    tags,
    captions,
    embeds,
    links,
    math,
)


def transform(text: str, context: Context, steps: tuple[Transform, ...] = LINE_TRANSFORMS) -> list[Line]:
    """A note's text through the line transforms; used for the note itself and for what it embeds."""
    context.pipeline = transform
    lines = read(text, context)
    for step in steps:
        lines = step(lines, context)
    return lines


def to_markdown(lines: list[Line], context: Context) -> str:
    """The lines as plain Markdown that Python-Markdown reads as Obsidian reads the note."""
    with_code = context.stash.restore(text_of_stashed(lines), math=False)
    sitemap = context.sitemap
    return context.stash.restore(
        structure(with_code, strict_breaks=sitemap.strict_breaks, hosts=sitemap.plain)
    )


def text_of_stashed(lines: list[Line]) -> str:
    return "".join(line.text.rstrip("\n") + "\n" for line in lines)


__all__ = ["LINE_TRANSFORMS", "Transform", "text_of", "to_markdown", "transform"]
