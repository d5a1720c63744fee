"""A page that shows no more of an edit than a title or a sentence: new parts in the place of the old ones.

Such parts are the HTML under a page's title and at its foot, lines that are one element of HTML, and the
words of links. What an old part became stands in the page as it is shown, as often as it must: what is in
doubt is left to be rendered.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from vaultkit.site.formulas import MissingFormula
from vaultkit.site.html.finish import finish, fonts_in, has_terms, libraries_in
from vaultkit.site.html.quick_markdown import is_whole
from vaultkit.site.html.source import Source

_ELEMENT = re.compile(r"<[^<>]*>")
_HEAD = re.compile(r'<div class="k-head" data-unsearched>[^<]*(?:<(?!/?div)[^<]*)*</div>')
_ABBREVIATION = re.compile(r"^\*\[", re.MULTILINE)
# Words that are the same in Markdown and in HTML.
_LINK = re.compile(r"\[([^\[\]\\`*_<>&$~=^|\"'#{}:/@\n]+)\]\(([^()\s<>]+)\)")


class Finisher:
    """Parts as they stand on a page, finished once for all pages of one depth; they have no terms to mark."""

    def __init__(self, extra: Mapping[str, Any]) -> None:
        self.extra = extra
        self._kept: dict[tuple[str, bool, int], str] = {}
        self._new: set[tuple[str, bool, int]] = set()

    def turn(self) -> None:
        """Another edit begins: what the last one has brought is what this one may take away."""
        self._kept = {key: self._kept[key] for key in self._new}
        self._new = set()

    def finished(self, part: str, url: str, *, below: bool, new: bool) -> str:
        key = (part, below, url.count("/"))
        if key not in self._kept:
            html, foot = ("", part) if below else (part, "")
            self._kept[key] = finish(html, foot, url, {}, self.extra)
        if new:
            self._new.add(key)
        return self._kept[key]


def spliced(shown: str, old: Source, new: Source, url: str, finisher: Finisher) -> str | None:
    """The page at `url`, which is `shown` as it was made from `old`, as it is made from `new`; None unless
    that can be told from its parts.
    """
    extra = finisher.extra
    found = _differences(old.markdown, new.markdown)
    if found is None or _said(old) != _said(new):
        return None
    lines, words = found
    if words and "](" in _ELEMENT.sub("", shown):
        return None  # a link that is shown as code
    terms = extra["k_terms"] if has_terms(new.meta.get("k", {}), extra) else None
    for was, now, below in ((old.below, new.below, True), (old.head, new.head, False), *lines):
        if was == now:
            continue
        if not was or not now or (terms and not below and any(map(terms.concerns, _searched(was, now)))):
            return None  # no term is looked for in a foot

        def finished(part: str, new: bool, below: bool = below) -> str:
            return finisher.finished(part, url, below=below, new=new)

        made = _put(shown, _lines(was, now), finished) or _put(shown, [(was, now)], finished)
        if made is None:
            return None
        shown = made
    for was, (now, times) in words.items():
        shown, count = re.subn(rf"(<a [^<>]*>){re.escape(was)}</a>", rf"\g<1>{now}</a>", shown)
        if count != times:
            return None
    return shown


def _put(shown: str, parts: list[tuple[str, str]], finished: Callable[[str, bool], str]) -> str | None:
    """The page with new parts in the place of old ones; None if one does not stand there once."""
    for part in parts:
        try:
            was, now = finished(part[0], False), finished(part[1], True)
        except MissingFormula:
            return None
        if not was or shown.count(was) != 1 or _needs(was) != _needs(now):
            return None
        shown = shown.replace(was, now)
    return shown if parts else None


def _lines(was: str, now: str) -> list[tuple[str, str]]:
    """The lines that differ; [] if they are not as many."""
    before, after = was.split("\n"), now.split("\n")
    pairs = zip(before, after, strict=False)
    return [(one, other) for one, other in pairs if one != other] if len(before) == len(after) else []


def _searched(was: str, now: str) -> tuple[str, ...]:
    """The two, of which terms might be marked; () if they differ only where none is looked for."""
    around = [_HEAD.split(part, maxsplit=1) for part in (was, now)]
    return () if len(around[0]) > 1 and around[0] == around[1] else (was, now)


def _differences(old: str, new: str) -> tuple[list[tuple[str, str, bool]], dict[str, tuple[str, int]]] | None:
    """Lines of HTML that differ, and new words for links with how often the old ones stand in the text."""
    before, after = old.split("\n"), new.split("\n")
    if len(before) != len(after):
        return None
    lines: list[tuple[str, str, bool]] = []
    words: dict[str, str] = {}
    for number, (was, now) in enumerate(zip(before, after, strict=True)):
        if was == now:
            continue
        if is_whole(before, number) and is_whole(after, number):
            lines.append((was, now, False))
        elif was.lstrip("> ").startswith("#") or not _renamed(was, now, words):
            return None  # the words of a heading stand in the list of contents too
    if not words.keys().isdisjoint(words.values()):
        return None
    kept = [found[1] for found in _LINK.finditer(new)]
    if any(word in kept for word in words) or (words and _ABBREVIATION.search(new)):
        return None  # some links are called so still, or new words may be more than words
    called = [found[1] for found in _LINK.finditer(old)]
    return lines, {was: (now, called.count(was)) for was, now in words.items()}


def _renamed(was: str, now: str, words: dict[str, str]) -> bool:
    """True if only the words of links differ, each in one way; enters them."""
    before, after = _LINK.split(was), _LINK.split(now)
    if len(before) != len(after):
        return False
    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        if one != other and (place % 3 != 1 or words.setdefault(one, other) != other):
            return False
    return True


def _said(source: Source) -> dict[str, Any]:
    """The front matter but for how long these parts are."""
    k = {name: value for name, value in source.meta.get("k", {}).items() if name not in ("head", "below")}
    return source.meta | {"k": k}


def _needs(html: str) -> tuple[set[str], list[str]]:
    return libraries_in(html), fonts_in(html)
