"""What stands under a page's title: kind, badge, what to read first, tags, sources."""

import html
import posixpath
import re
from functools import partial

from vaultkit.frontmatter import value_of
from vaultkit.labs.notebook import is_notebook
from vaultkit.links import line_links
from vaultkit.site.context import Context
from vaultkit.site.pages.first import first
from vaultkit.site.pages.parts import attribute, draft_pill, escape, pill, planned_pill
from vaultkit.site.pages.tags import chip
from vaultkit.site.results import Results, Verdict
from vaultkit.site.ui import STRINGS, say
from vaultkit.tags import property_tags
from vaultkit.translations import is_stale

# The kind that notes of a folder have as a rule, and kinds of which there is one page: both need no saying.
KINDS = {
    "concepts": "concept", "papers": "paper", "comparisons": "comparison", "debugging": "debugging",
    "reading-lists": "reading-list", "labs": "lab", "sessions": "session",
}  # fmt: skip
ALONE = frozenset({"tracker", "review"})
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5}(?:v\d+)?)")


def header(context: Context, results: Results) -> list[str]:
    """Lines for the block under the title, of HTML on our own site and of Markdown in an export; [] when
    there is nothing to say.
    """
    plain = context.sitemap.plain
    text = escape if plain else partial(html.escape, quote=False)
    note = context.vault.notes[context.page.note(context.language)]
    canonical = context.vault.notes[context.page.note("en")]
    properties = canonical.properties
    pills = _pills(context, str(properties.get("kind", "")), context.sitemap.planned(context.page))
    if verdict := results.verdict(note.path):
        pills.append(_badge(context, verdict))
    tags = property_tags(value_of(properties, "tags"))
    pills += [chip(context, tag, html.escape(tag)) for tag in tags]
    if hours := properties.get("hours"):
        pills.append(pill("plain", say(context.language, "hours", hours=text(str(hours)))))
    if reviewed := properties.get("reviewed"):
        pills.append(pill("plain", say(context.language, "reviewed", date=text(str(reviewed)))))
    if is_notebook(context.page.key) and not context.page.plain:
        name = posixpath.basename(context.page.file)  # the plug-in puts the file beside its page
        shown = say(context.language, "lab_file")
        pills.append(f'<a class="k-pill k-pill-plain" href="{name}" download>{shown}</a>')
    lines = [" ".join(pills)] if pills else []
    if direct := _prerequisites(context, canonical.properties.get("prerequisites"), canonical.path):
        lines.append(f'<span class="k-label">{say(context.language, "read_first")}</span> {direct}')
    if not lines:
        return []
    fold = first(context)
    if not plain:
        rows = "".join(f"<p>{line}</p>\n" for line in lines)  # in lines, of which an edit changes few
        return [f'<div class="k-head" data-unsearched>{rows}{fold}</div>', ""]
    rows = "\n\n".join([*lines, fold] if fold else lines)
    return ['<div class="k-head" markdown="1" data-unsearched>', "", rows, "", "</div>", ""]


def sources(context: Context) -> list[str]:
    """The properties' sources as a folded list at the end of the page."""
    canonical = context.vault.notes[context.page.note("en")]
    items = canonical.properties.get("sources")
    if not isinstance(items, list) or not items:
        return []
    shown = [f"- {_source(item)}" for item in items]
    return [
        "",
        f"> [!source]- {say(context.language, 'sources', count=len(shown))}",
        *(f"> {s}" for s in shown),
        "",
    ]


def notice(context: Context) -> list[str]:
    """A line that says that the page is shown in the other language, or lags behind the English one."""
    language, page = context.language, context.page
    if page.translated(language):
        if not is_stale(context.vault, page.note(language)):
            return []
        link = f'<a href="{context.other_language_url(page)}" lang="en">English</a>'
        return [f'<p class="k-notice">{say(language, "stale", link=link)}</p>', ""]
    key = "untranslated" if context.language == "zh" else "untranslated_zh"
    return [f'<p class="k-notice" lang="{context.language}">{say(context.language, key)}</p>', ""]


def _pills(context: Context, kind: str, stub: bool) -> list[str]:
    key = f"kind_{kind}"
    says_more = key in STRINGS and KINDS.get(context.page.section) != kind and kind not in ALONE
    pills = [pill("kind", say(context.language, key))] if says_more else []
    if stub:
        return [*pills, planned_pill(context)]
    notes = (context.vault.notes[path] for path in context.page.notes.values())
    return [*pills, draft_pill(context)] if any(note.is_draft for note in notes) else pills


def _badge(context: Context, verdict: Verdict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in verdict.versions.items())
    title = say(
        context.language,
        "verified_title",
        passed=verdict.passed,
        blocks=verdict.blocks,
        when=verdict.when,
        device=verdict.device,
        versions=versions,
    )
    if verdict.skipped:
        title += say(context.language, "verified_skips", skipped=verdict.skipped)
    text = say(context.language, "verified")
    date = f'<span class="k-badge-date">{attribute(verdict.when)}</span>'
    return f'<span class="k-pill k-pill-verified" title="{attribute(title)}">✓ {text} {date}</span>'


def _prerequisites(context: Context, value: object, path: str) -> str:
    """Links of the property `prerequisites`, titled in the reader's language."""
    found = []
    for text in value if isinstance(value, list) else []:
        for link in line_links(str(text), str(text), 1):
            target = context.find(link.target, link.subpath, 1)
            if target and target.page:
                title = context.sitemap.title(target.page, context.language)
                planned = context.sitemap.planned(target.page)
                if context.sitemap.plain:
                    mark = "{ .k-planned }" if planned else ""
                    found.append(f"[{escape(title)}]({context.href(target)}){mark}")
                else:
                    mark = ' class="k-planned"' if planned else ""
                    shown = html.escape(title, quote=False)
                    found.append(f'<a{mark} href="{attribute(context.url(target))}">{shown}</a>')
    return " · ".join(found)


def _source(item: object) -> str:
    if isinstance(item, dict):
        item = ", ".join(str(part) for part in item.values() if part is not None)
    text = escape(" ".join(str(item).split()))
    return _ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)
