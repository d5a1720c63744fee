"""Tags of raw HTML, each written anew from what was understood of it: no browser can read it otherwise."""

import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import NamedTuple

from vaultkit.inline import TAG
from vaultkit.site.plain.allowed import DROPPED, is_foreign, safe_address, safe_attributes, safe_source

Attributes = list[tuple[str, str | None]]
_VOID = "area base br col embed hr img input link meta param source track wbr"
VOID = frozenset(_VOID.split())
_FRAMES = frozenset({"iframe", "frame", "embed"})
_MEDIA = frozenset({"img", "audio", "video"})
_NAME = re.compile(r"<(/?)([A-Za-z][\w-]*)")


class Opening(NamedTuple):
    """What stands in the place of an opening tag, and whether an element is open after it."""

    text: str
    opens: bool


def opening(tag: str, attributes: Attributes, source: str, *, hosts: bool = False) -> Opening:
    """An opening tag. Of frames, and (without `hosts`) of media on another host, a link is left.

    `source` is how it was written; it stays if it is CommonMark's and nothing has to go.
    """
    address = next((value or "" for name, value in attributes if name in ("src", "data") and value), "")
    outside = is_foreign(address) and not safe_source(address)
    if tag in _FRAMES or (tag in _MEDIA and outside and not hosts):
        return Opening(_link(address, attributes), False)
    kept = safe_attributes(tag, attributes)
    if kept is None:
        return Opening("", False)
    if hosts and tag in _MEDIA and address.startswith(("https://", "http://")):
        kept.append(("src", address))
    if tag in ("source", "track") and "src" not in dict(kept):
        return Opening("", False)
    closed = source.endswith("/>")
    if sorted(kept, key=str) == sorted(attributes, key=str) and TAG.fullmatch(source):
        text = source
    else:
        shown = "".join(
            f" {name}" if value is None else f' {name}="{_entities(value)}"' for name, value in kept
        )
        text = f"<{tag}{shown}{'/' if closed else ''}>"
    return Opening(text, tag not in VOID and not closed)


def _entities(value: str) -> str:
    """An attribute's value in which no Markdown reader finds anything."""
    return "".join(c if c.isalnum() or c in " -./#:;,%=?+" else f"&#{ord(c)};" for c in value)


def _link(source: str, attributes: Attributes) -> str:
    """A link to what is not shown here, named by its own words or its address."""
    if not source or not safe_address(source):
        return ""
    words = {name: (value or "").strip() for name, value in attributes}
    shown = words.get("alt") or words.get("title") or source
    return f'<a href="{_entities(source.strip())}">{_entities(shown)}</a>'


class _One(HTMLParser):
    def __init__(self, *, hosts: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.hosts = hosts
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.text += opening(tag, attrs, self.get_starttag_text() or "", hosts=self.hosts).text

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and safe_attributes(tag, [("type", "application/pdf")]) is not None:
            self.text += f"</{tag}>"


@lru_cache(4096)
def inline_tag(source: str, *, hosts: bool = False) -> str:
    """One tag amid text, "" if it may not be there; comments and declarations go."""
    parser = _One(hosts=hosts)
    parser.feed(source.replace("\n", " "))
    parser.close()
    return parser.text


def drops(source: str) -> str:
    """The element that an opening tag amid text opens, if its contents go with it; else ""."""
    found = _NAME.match(source)
    gone = found and not found[1] and found[2].lower() in DROPPED and not source.endswith("/>")
    return found[2].lower() if found and gone else ""


def closes(source: str, name: str) -> bool:
    found = _NAME.match(source)
    return bool(found and found[1] and found[2].lower() == name)
