"""How much of a vault has the same blocks on the site as in Obsidian: the trees of both are compared.

Expected: CommonMark with GFM's tables, task lists and strike-through, and Obsidian's properties, comments,
callouts, formulas, footnotes and block ids, rendered by markdown-it from the note's own text. Got: what
Python-Markdown, with the site's extensions, makes of the text that the site stages.
Not compared, as it is no part of a note's own blocks: what the site adds (folded cards, embedded notes,
remarks on code that does not run) and a heading on top that becomes the page's title.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache

import markdown

from vaultkit.note import Note
from vaultkit.site.context import Context
from vaultkit.site.extensions import MARKDOWN
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.site.transforms import LINE_TRANSFORMS, to_markdown, transform
from vaultkit.structure_obsidian import expected
from vaultkit.structure_tree import Difference, Node, difference, tree
from vaultkit.vault import Vault

_ADDED = frozenset({"language_link", "cards", "captions", "embeds", "tracker"})
STEPS = tuple(step for step in LINE_TRANSFORMS if step.__name__ not in _ADDED)


@dataclass(frozen=True, slots=True)
class Row:
    """One note: are its blocks the same, and if not, which is the first that is not?"""

    path: str
    equal: bool
    difference: Difference | None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def measure(vault: Vault, part: str = "") -> Iterator[Row]:
    """A row for each note below the folder `part`, by path."""
    sitemap = SiteMap.of(vault)
    for path, note in sorted(vault.notes.items()):
        if path.startswith(part):
            found = difference(expected(note), rendered(note, sitemap))
            yield Row(path, found is None, found)


def rendered(note: Note, sitemap: SiteMap) -> Node:
    """The blocks that the site shows of a note."""
    page = sitemap.page_of(note.path) or Page(note.path, "note", {note.lang: note.path})
    context = Context(sitemap, note.lang, page, note)
    text = to_markdown(transform(note.text, context, STEPS), context)
    converter = _converter()
    converter.reset()
    return tree(converter.convert(text))


@cache
def _converter() -> markdown.Markdown:
    return markdown.Markdown(extensions=list(MARKDOWN), extension_configs=MARKDOWN)
