"""A note's Markdown for those who read text: as its author wrote it, without what the site does not show.

Left out are comments (`%% … %%` and HTML's, hidden set-up code and marks for the runner among them) and the
properties, of which those that the page shows to everyone are named anew on top.
"""

import json
from datetime import date

from vaultkit.frontmatter import value_of
from vaultkit.note import Note
from vaultkit.site.paths import Language
from vaultkit.site.sitemap import Page, SiteMap

_SHOWN = ("aliases", "tags", "prerequisites", "sources")


def source_text(sitemap: SiteMap, page: Page, language: Language) -> str:
    """The text of `/<page>/index.md`; Obsidian's links stay as they are."""
    note = sitemap.vault.notes[page.note(language)]
    canonical = sitemap.vault.notes[page.note("en")]
    title = sitemap.title(page, language)
    meta: dict[str, object] = {"title": title, "lang": sitemap.lang(note)}
    if text := sitemap.description(note.path):
        meta["description"] = text
    for key in _SHOWN:
        value = value_of(canonical.properties, key)
        if value:
            meta[key] = value
    head = [f"{key}: {json.dumps(value, ensure_ascii=False, default=_plain)}" for key, value in meta.items()]
    body = body_text(note)
    own = any(heading.level == 1 for heading in note.headings)
    first = "" if own else f"# {title}\n\n"
    return "\n".join(["---", *head, "---", "", ""]) + first + body


def body_text(note: Note) -> str:
    """The body without comments; a line that was nothing else goes, and no more than one blank line stays."""
    scan = note.scan
    cuts: dict[int, list[tuple[int, int]]] = {}
    for comment in scan.comments:
        for number in range(comment.line, comment.end_line + 1):
            start = comment.column if number == comment.line else 0
            end = comment.end_column if number == comment.end_line else len(scan.lines[number - 1])
            cuts.setdefault(number, []).append((start, end))
    lines: list[str] = []
    for number in range(note.body_line, len(scan.lines) + 1):
        line = scan.lines[number - 1]
        for start, end in sorted(cuts.get(number, []), reverse=True):
            line = line[:start] + line[end:]
        removed = number in cuts or scan.kind(number) == "comment"
        if scan.kind(number) == "comment" or (removed and not line.strip(" \t>")):
            if (
                lines
                and not lines[-1].strip()
                and number < len(scan.lines)
                and not scan.lines[number].strip()
            ):
                lines.pop()  # else two blank lines would be left
            continue
        lines.append(line.rstrip() if removed else line)
    return "\n".join(lines).strip("\n") + "\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
