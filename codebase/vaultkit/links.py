"""All links of one note: wikilinks, embeds, Markdown links and those in the front matter."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal, NamedTuple

from vaultkit import mdlink, wikilink
from vaultkit.frontmatter import Text
from vaultkit.lines import Scan

LinkKind = Literal["link", "embed", "markdown", "frontmatter"]

_WHOLE_WIKILINK = re.compile(r"!?\[\[(?:(?!\[\[|\]\]).)+\]\]")


class Link(NamedTuple):
    """A link as written.

    `line` is 1-based, `column` 0-based: `raw` is what stands there, with line breaks if the text of a
    Markdown link goes over several lines. Only a property that YAML escapes may stand otherwise in the file.
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


def find_links(scan: Scan, texts: list[Text]) -> list[Link]:
    """Links of a scanned note in order, those of its front matter first; web addresses are not among them."""
    found = [link for text in texts if (link := _property_link(scan, text))]
    source = scan.lines
    for numbers in scan.paragraphs:
        if len(numbers) > 1 and any("](" in source[number - 1] for number in numbers):
            lines = [source[number - 1] for number in numbers]
            found += _paragraph_links([scan.visible(number) for number in numbers], lines, numbers)
            continue
        for number in numbers:
            line = source[number - 1]
            if "[[" in line or "](" in line:
                found += line_links(scan.visible(number), line, number)
    return found


def line_links(visible: str, line: str, number: int) -> list[Link]:
    """Links of one line, left to right; `visible` is the line with code and comments blanked out."""
    if "](" not in visible:
        return [_wikilink(wiki, number) for wiki in wikilink.find(visible)]
    return _paragraph_links([visible], [line], [number])


def _paragraph_links(visible: list[str], lines: list[str], numbers: list[int]) -> list[Link]:
    """Links of the lines of a paragraph: only the text of a Markdown link may go over several."""
    found: list[Link] = []
    for index, shown in enumerate(visible):
        for wiki in wikilink.find(shown):
            found.append(_wikilink(wiki, numbers[index]))
            end = wiki.column + len(wiki.raw)
            visible[index] = visible[index][: wiki.column] + " " * len(wiki.raw) + visible[index][end:]
    text = "\n".join(visible)
    if "](" in text:
        found += _markdown_links(text, "\n".join(lines), numbers)
    return sorted(found, key=lambda link: (link.line, link.column))


def _wikilink(wiki: wikilink.Found, number: int) -> Link:
    column, raw, embed, (target, subpath, display) = wiki
    return Link(number, column, raw, "embed" if embed else "link", target, subpath, display)


def _markdown_links(visible: str, text: str, numbers: list[int]) -> Iterator[Link]:
    starts = [0]
    while (end := text.find("\n", starts[-1])) >= 0:
        starts.append(end + 1)
    for markdown in mdlink.find(visible):
        destination = markdown.destination
        if mdlink.is_external(destination) or not destination:
            continue
        index = bisect_right(starts, markdown.column) - 1
        raw = text[markdown.column : markdown.column + len(markdown.raw)]
        kind: LinkKind = "embed" if markdown.embed else "markdown"
        column = markdown.column - starts[index]
        label = 2 if markdown.embed else 1
        display = raw[label : label + len(markdown.display)].replace("\n", " ")
        yield Link(numbers[index], column, raw, kind, *mdlink.split_destination(destination), display)


def _property_link(scan: Scan, text: Text) -> Link | None:
    """The link that a property's whole text is, None if it is no link."""
    value = text.value.strip()
    if _WHOLE_WIKILINK.fullmatch(value):
        parsed = wikilink.parse(value.lstrip("!")[2:-2])
    elif value.startswith("[") and (markdown := _only_markdown_link(value)):
        parsed = markdown
    else:
        return None
    line, column = _locate(scan, text, value)
    return Link(line, column, value, "frontmatter", *parsed, key=text.key)


def _only_markdown_link(text: str) -> wikilink.LinkText | None:
    for link in mdlink.find(text):
        if link.raw == text and link.destination and not mdlink.is_external(link.destination):
            return wikilink.LinkText(*mdlink.split_destination(link.destination), link.display)
    return None


def _locate(scan: Scan, text: Text, value: str) -> tuple[int, int]:
    """Line and column of a property's link; where YAML escapes it, of the property's text."""
    for number in range(text.line, min(text.end_line, len(scan.lines)) + 1):
        column = scan.lines[number - 1].find(value, text.column if number == text.line else 0)
        if column >= 0:
            return number, column
    return text.line, text.column
