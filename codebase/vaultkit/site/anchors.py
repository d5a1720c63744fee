"""Anchors of a note: one per heading and block id, the translation's heading anchors beside its own.

With parallel headings (same levels in the same order) each heading answers to the slug of either language, so
a link or a language switch that carries an anchor arrives at the same place.
"""

from dataclasses import dataclass, field

from vaultkit.note import Note
from vaultkit.site.slugs import heading_slug, unique


@dataclass(frozen=True, slots=True)
class Anchors:
    """Anchor by line (1-based) of headings and of block ids; `also`: the other language's heading anchors."""

    headings: dict[int, str]
    blocks: dict[int, str]
    also: dict[int, str] = field(default_factory=dict)

    @property
    def all(self) -> set[str]:
        return {*self.headings.values(), *self.blocks.values(), *self.also.values()}

    def at(self, line: int) -> str | None:
        return self.headings.get(line) or self.blocks.get(line)


def anchors_of(note: Note, other: Note | None = None) -> Anchors:
    """Anchors of `note`; `other` is its translation."""
    blocks = {line: block.lower() for block, line in note.blocks.items()}
    headings = _heading_anchors(note, set(blocks.values()))
    also: dict[int, str] = {}
    if other and [h.level for h in note.headings] == [h.level for h in other.headings]:
        theirs = _heading_anchors(other, {block.lower() for block in other.blocks})
        taken = {*headings.values(), *blocks.values()}
        for line, slug in zip(headings, theirs.values(), strict=True):
            if slug not in taken:
                also[line] = slug
                taken.add(slug)
    return Anchors(headings, blocks, also)


def _heading_anchors(note: Note, taken: set[str]) -> dict[int, str]:
    slugs = unique((heading_slug(heading.text) for heading in note.headings), taken)
    return dict(zip((heading.line for heading in note.headings), slugs, strict=True))
