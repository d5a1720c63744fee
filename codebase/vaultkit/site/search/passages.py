"""What can be searched of a built page: its text, section by section, without the page's furniture.

Tags are taken out by regular expressions: a parser would cost more than rendering the page did.
"""

import html
import re
from dataclasses import dataclass

from vaultkit.site.search.formulas import readable
from vaultkit.site.ui import CALLOUT_TITLES

_ARTICLE = re.compile(r'<article\b[^>]*\bdata-searched\b(="listing")?[^>]*>')
_LEFT_OUT = re.compile(
    r"<(script|style|svg|button|template|select|video|audio)\b.*?</\1>"
    r'|<a class="(?:headerlink|footnote-ref|footnote-backref)".*?</a>|<!--.*?-->',
    re.DOTALL,
)
_DRAWN = 'class="katex-html"'  # how a formula looks; what is searched is made of its TeX
_TEX = re.compile(r"<math\b.*?<annotation[^>]*>(.*?)</annotation>.*?</math>", re.DOTALL)
_HEADING = re.compile(r'<h([1-6])\b[^>]*?\bid=["\']([^"\']*)[^>]*>(.*?)</h\1>', re.DOTALL)
_INLINE = re.compile(
    r"</?(?:span|a|code|em|strong|b|i|u|s|q|mark|sub|sup|small|kbd|abbr|del|ins|wbr|cite|var|samp|bdi|time)"
    r"(?![\w-])[^>]*>"
)
# The title of a callout that has none of its own: the name of its type.
_UNTITLED = re.compile(
    r'<(p class="admonition-title"|summary)>\s*(?:'
    + "|".join(sorted({name for pair in CALLOUT_TITLES.items() for name in (pair[0].title(), pair[1])}))
    + r")\s*</(?:p|summary)>"
)
_NAME = re.compile(r"\w+")
_CELL = re.compile(r"</?t[dh]\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")
_OTHER_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n[ \n]*")


@dataclass(slots=True)
class Passage:
    """A heading and the text below it up to the next one, its blocks parted by line breaks; before the first
    heading both may be empty.
    """

    anchor: str
    heading: str
    text: str


def passages(page: str) -> list[Passage]:
    """Passages of a page's HTML; none if it says that it is not searched."""
    start = _ARTICLE.search(page)
    if not start:
        return []
    body = page[start.end() : page.rfind("</article>")]
    body = _without("data-unsearched", _UNTITLED.sub("", _LEFT_OUT.sub("", body)))
    if "katex" in body:
        body = _TEX.sub(_tex, _without(_DRAWN, body))
    parts = _HEADING.split(body)
    found = [Passage("", "", _plain(parts[0]))] if parts[0].strip() else []
    for at in range(1, len(parts), 4):
        heading = _plain(parts[at + 2]).replace("\n", " ")
        found.append(Passage(html.unescape(parts[at + 1]), heading, _plain(parts[at + 3])))
    return [passage for passage in found if passage.heading or passage.text]


def is_listing(page: str) -> bool:
    """True of a page that gathers what other pages say: cards, a tracker, a reading list."""
    start = _ARTICLE.search(page)
    return bool(start and start[1])


def _plain(piece: str) -> str:
    """Text of a piece of HTML, a line for each block; a tag inside a line does not part words."""
    text = _TAG.sub("\n", _SPACES.sub(" ", _INLINE.sub("", _CELL.sub(" ", piece))))
    return _BREAKS.sub("\n", _OTHER_SPACES.sub(" ", html.unescape(text))).strip()


def _tex(found: re.Match[str]) -> str:
    return html.escape(readable(html.unescape(found[1])), quote=False)


def _without(mark: str, text: str) -> str:
    """`text` without the elements in whose start tag `mark` stands, with all that is in them."""
    kept: list[str] = []
    position = 0
    while (found := text.find(mark, position)) >= 0:
        start = text.rfind("<", position, found)
        name = _NAME.match(text, start + 1) if start >= 0 else None
        if not name or ">" in text[start:found]:  # the mark stands in the text
            kept.append(text[position : found + len(mark)])
            position = found + len(mark)
        else:
            kept.append(text[position:start])
            position = _end_of(name[0], text, found)
    kept.append(text[position:])
    return "".join(kept)


def _end_of(name: str, text: str, position: int) -> int:
    """Where the element ends in whose start tag `position` is."""
    depth = 1
    for tag in re.compile(rf"<(/?){name}\b").finditer(text, position):
        depth += -1 if tag[1] else 1
        if not depth:
            return text.find(">", tag.end()) + 1
    return len(text)
