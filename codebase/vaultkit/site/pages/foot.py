"""The foot of a page: who links here, in the reader's language, each with the sentence around the link."""

from vaultkit.backlinks import Backlink
from vaultkit.site.context import Context
from vaultkit.site.pages.parts import page_link, prose
from vaultkit.site.transforms.fields import FIELD
from vaultkit.site.ui import say

MAX_SENTENCES = 2
LISTS = frozenset({"planned-notes", "home", "tracker", "review"})


def foot(context: Context, backlinks: list[Backlink]) -> list[str]:
    """Lines of Markdown; [] when nothing links here. The front page and the planned list do not count."""
    by_source: dict[str, list[str]] = {}
    for backlink in backlinks:
        source = context.vault.notes[backlink.source]
        page = context.sitemap.page_of(backlink.source)
        if page is None or _kind(context, page.note("en")) in LISTS:
            continue
        sentences = by_source.setdefault(page.key, [])
        if backlink.sentence and not source.is_stub:
            sentences.append(_sentence(backlink.sentence))
    canvases = context.sitemap.canvases.get(context.page.key, [])
    if not by_source and not canvases:
        return []
    title = say(context.language, "linked_from")
    lines = [
        '<section class="k-backlinks" markdown="1" data-unsearched>',
        "",
        title,
        "{: .k-foot-title }",
        "",
    ]
    for key, sentences in by_source.items():
        lines.append(f"- {page_link(context, context.sitemap.pages[key])}")
        for sentence in sentences[:MAX_SENTENCES]:
            lines += ["", f"    {prose(sentence)}", ""]
    lines += [f"- {page_link(context, page)}" for page in canvases]
    return ["", *lines, "", "</section>"]


def _sentence(sentence: str) -> str:
    """The words of an item of a reading list, without the fields after them."""
    return FIELD.sub("", sentence).strip()


def _kind(context: Context, path: str) -> str:
    return str(context.vault.notes[path].properties.get("kind", ""))
