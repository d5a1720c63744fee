"""Raw HTML of a note: what is allowed stays, halves are joined or mended, what runs or loads goes."""

import re
from html.parser import HTMLParser
from itertools import takewhile

from vaultkit.site.plain.allowed import DROPPED
from vaultkit.site.plain.tags import VOID, Attributes, opening

_GONE = re.compile(
    r"<(script|style)\b.*?(?:</\1\s*>|\Z)"
    r"|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<![A-Z\[].*?(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
# elements that may be opened in one block and closed in another, with Markdown between
_HOLDERS = (
    "article aside blockquote center dd details div dl fieldset figcaption figure footer form header li main "
    "nav ol section table tbody td tfoot th thead tr ul"
)
_MAY_HOLD = frozenset(_HOLDERS.split())
MAX_OPEN = 30  # elements in one another; the tags of deeper ones go, their text stays
_SPAN = frozenset({"li", "td", "th", "dd"})
_SUMMARY = re.compile(r"<summary\b[^>]*>.*?</summary>", re.IGNORECASE | re.DOTALL)
_MARKDOWN = re.compile(r"\smarkdown\s*=", re.IGNORECASE)
_FENCE = re.compile(r"^([ \t]*)([`~])(?=\2\2)", re.MULTILINE)
_ELEMENT = re.compile(
    r"<(pre|div|table|details|textarea)\b(?:(?!<\1\b|</\1>).)*</\1>", re.IGNORECASE | re.DOTALL
)


class _Balance(HTMLParser):
    """Copies what is allowed and keeps the stack of elements that are open; closing tags without an opening
    one go. Every tag is written anew from what was understood of it.
    """

    def __init__(self, *, hosts: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.hosts = hosts
        self.stack: list[tuple[str, int]] = []
        self.parts: list[str] = []
        self.orphans: list[str] = []
        self.dropped = ""  # the element whose contents go

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if self.dropped or len(self.stack) >= MAX_OPEN:
            return
        shown = opening(tag, attrs, self.get_starttag_text() or "", hosts=self.hosts)
        self.dropped = tag if tag in DROPPED and tag not in VOID else ""
        if shown.opens:
            self.stack.append((tag, len(self.parts)))
        self.parts.append(shown.text)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        if not self.dropped:
            self.parts.append(opening(tag, attrs, self.get_starttag_text() or "", hosts=self.hosts).text)

    def handle_endtag(self, tag: str) -> None:
        if self.dropped or tag in DROPPED:
            self.dropped = "" if tag == self.dropped else self.dropped
            return
        if tag not in [name for name, _ in self.stack]:
            if tag not in VOID:
                self.orphans.append(tag)
            return
        while self.stack:
            name, _ = self.stack.pop()
            self.parts.append(f"</{name}>")
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        self.parts.append("" if self.dropped else data.replace("<", "&lt;"))

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


def clean(source: str) -> str:
    """Without what no reader sees: comments, declarations, scripts and styles."""
    return _GONE.sub("", source)


class Elements:
    """The raw HTML among the blocks of one container: what is opened in one block may be closed in another.

    CommonMark ends a block of HTML at a blank line, so `<details>` and `</details>` are two blocks with
    Markdown between them. Only what is opened here is closed here.
    """

    def __init__(self, *, hosts: bool = False) -> None:
        self.open: list[str] = []
        self.hosts = hosts

    def add(self, source: str) -> list[str]:
        """Lines for one block of raw HTML, [] if nothing is left of it."""
        parser = _Balance(hosts=self.hosts)
        parser.feed(clean(source).strip())
        parser.close()
        lines = [line for name in parser.orphans for line in self._close(name)]
        held = (
            []
            if len(self.open) >= MAX_OPEN
            else list(takewhile(lambda element: element[0] in _MAY_HOLD, parser.stack))
        )
        unfinished = {index: name for name, index in held}
        parser.parts += [f"</{name}>" for name, _ in reversed(parser.stack[len(held) :])]
        run: list[str] = []
        for index, part in enumerate(parser.parts):
            if index not in unfinished:
                run.append(part)
                continue
            state = "block" if unfinished[index] in _SPAN else "1"
            mark = "" if _MARKDOWN.search(part) else f' markdown="{state}"'
            lines += [*_whole(run), f"{part[:-1].rstrip('/ ')}{mark}>", ""]
            run = []
            self.open.append(unfinished[index])
        return [*lines, *_whole(run)]

    def _close(self, name: str) -> list[str]:
        if name not in self.open:
            return []
        lines = []
        while self.open:
            lines.append(f"</{self.open.pop()}>")
            if lines[-1] == f"</{name}>":
                break
        return lines

    def finish(self) -> list[str]:
        """Closing tags of what is still open."""
        return ["", *(f"</{self.open.pop()}>" for _ in range(len(self.open)))] if self.open else []


def _whole(parts: list[str]) -> list[str]:
    """Lines of finished HTML, in one element so that no Markdown is read in it."""
    text = _FENCE.sub(lambda found: f"{found[1]}&#{ord(found[2])};", "".join(parts).strip())
    if not text:
        return []
    summary = _SUMMARY.match(text)
    first = [summary[0]] if summary else []
    rest = text[summary.end() :].strip() if summary else text
    if not rest or _ELEMENT.fullmatch(rest):
        return [*first, *rest.split("\n"), ""] if rest else [*first, ""]
    return [*first, "<div>", *(line for line in rest.split("\n") if line.strip()), "</div>", ""]
