"""All links of one note: wikilinks, embeds, Markdown links and those in the front matter."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from vaultkit import mdlink, wikilink
from vaultkit.frontmatter import strings
from vaultkit.lines import Scan

LinkKind = Literal["link", "embed", "markdown", "frontmatter"]

_WHOLE_WIKILINK = re.compile(r"!?\[\[(?:(?!\[\[|\]\]).)+\]\]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link as written.

    `line` is 1-based, `column` 0-based: `raw` is `lines[line - 1][column:column + len(raw)]`.
    `kind`: link `[[x]]`, embed `![[x]]` or `![](x)`, markdown `[t](x)`, frontmatter (in property `key`).
    `display` is the text after `|` or between `[` and `]`, "" if none.
    """

    line: int
    column: int
    raw: str
    kind: LinkKind
    target: str
    subpath: str
    display: str
    key: str = ""

    @property
    def text(self) -> str:
        """What a reader sees: the display text or Obsidian's default for it."""
        return self.display or wikilink.default_display(self.target, self.subpath)

    @property
    def is_wikilink(self) -> bool:
        return self.raw.lstrip("!").startswith("[[")


def find_links(scan: Scan, properties: dict[str, Any]) -> list[Link]:
    """Links of a scanned note in order; web addresses are not among them."""
    found = _frontmatter_links(scan, properties)
    for number in scan.text_lines():
        line = scan.lines[number - 1]
        if "[" in line:
            found += line_links(scan.visible(number), line, number)
    return found


def line_links(visible: str, line: str, number: int) -> list[Link]:
    """Links of one line, left to right; `visible` is the line with code and comments blanked out."""
    found: list[Link] = []
    for wiki in wikilink.find(visible):
        kind: LinkKind = "embed" if wiki.embed else "link"
        found.append(Link(number, wiki.column, wiki.raw, kind, *wiki.text))
    for markdown in mdlink.find(visible):
        if mdlink.is_external(markdown.destination) or not markdown.destination:
            continue
        target, subpath = mdlink.split_destination(markdown.destination)
        raw = line[markdown.column : markdown.column + len(markdown.raw)]
        kind = "embed" if markdown.embed else "markdown"
        found.append(Link(number, markdown.column, raw, kind, target, subpath, markdown.display))
    return sorted(found, key=lambda link: link.column)


def _frontmatter_links(scan: Scan, properties: dict[str, Any]) -> list[Link]:
    found: list[Link] = []
    line = 2
    for key, text in strings(properties):
        text = text.strip()
        if _WHOLE_WIKILINK.fullmatch(text):
            parsed = wikilink.parse(text.lstrip("!")[2:-2])
        elif text.startswith("[") and (markdown := _only_markdown_link(text)):
            parsed = markdown
        else:
            continue
        line, column = _locate(scan, text, line)
        found.append(Link(line, column, text, "frontmatter", *parsed, key=key))
    return found


def _only_markdown_link(text: str) -> wikilink.LinkText | None:
    for link in mdlink.find(text):
        if link.raw == text and link.destination and not mdlink.is_external(link.destination):
            return wikilink.LinkText(*mdlink.split_destination(link.destination), link.display)
    return None


def _locate(scan: Scan, text: str, start: int) -> tuple[int, int]:
    """Line and column of a property's text, looked for from `start` on, else from the top."""
    for first in (start, 2):
        for number in range(first, scan.front_end):
            column = scan.lines[number - 1].find(text)
            if column >= 0:
                return number, column
    return 1, 0
