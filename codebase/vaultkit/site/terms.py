"""The first mention of a house term on a finished page says what it is called in the other language.

Only in running text: never in code, formulas, links or headings, nor where the text itself gives the other
name in brackets.
"""

import html
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from vaultkit.site.paths import Language

_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "source", "track", "wbr"})
_CLOSED = frozenset(
    {"a", "abbr", "button", "code", "del", "h1", "h2", "h3", "h4", "h5", "h6", "label", "nav", "pre", "style"}
    | {"script", "sub", "summary", "sup", "svg", "th", "title"}
)  # elements without running text
_CLOSED_MARKS = re.compile(r'data-unsearched|class="(?:[^"]* )?(?:katex|arithmatex|k-(?:pill|tag|field))')
_PROSE = frozenset({"p", "li", "td", "dd", "blockquote", "figcaption"})
_BRACKET = re.compile(r"\s?[（(]")


class Terms:
    """Terms of one language with what they are called in the other."""

    def __init__(self, pairs: Sequence[tuple[str, str]], language: Language) -> None:
        order = (lambda pair: pair) if language == "en" else (lambda pair: (pair[1], pair[0]))
        self.language = language
        self.other: dict[str, str] = {}
        for pair in pairs:
            own, other = order(pair)
            if len(own) > 1:
                self.other.setdefault(own.lower(), other)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        names = "|".join(re.escape(name) for name in sorted(self.other, key=len, reverse=True))
        if self.language == "zh":
            return re.compile(f"({names})(?!器)", re.IGNORECASE)  # 解码 is not in 解码器
        return re.compile(rf"(?<![\w-])({names})(?![\w-])", re.IGNORECASE)

    def mark(self, text: str) -> str:
        """`text` (HTML of a page) with the marks."""
        if not self.other or not self._pattern.search(text):
            return text
        seen: set[str] = set()
        parts = _TAG.split(text)
        for index in _running(parts):
            parts[index] = self._marked(parts[index], seen)
        return "".join(parts)

    def concerns(self, text: str) -> bool:
        """True if `mark` would look at a term in `text`."""
        if not self.other or not self._pattern.search(text):
            return False
        parts = _TAG.split(text)
        return any(self._pattern.search(parts[index]) for index in _running(parts))

    def _marked(self, text: str, seen: set[str]) -> str:
        def put(found: re.Match[str]) -> str:
            name = found[1].lower()
            if name in seen:
                return found[0]
            seen.add(name)
            if _BRACKET.match(text, found.end()):
                return found[0]
            other = html.escape(self.other[name], quote=True)
            told = f'data-k-tip="{other}" aria-description="{other}"'
            return f'<span class="k-term" tabindex="0" {told}>{found[0]}</span>'

        return self._pattern.sub(put, text)


def _running(parts: list[str]) -> Iterator[int]:
    """Where in HTML that is split at its tags running text stands."""
    stack: list[tuple[str, bool, bool]] = []  # name, no running text inside, prose inside
    for index, part in enumerate(parts):
        if index % 2:
            _follow(stack, part)
        elif part and stack and stack[-1][2] and not stack[-1][1]:
            yield index


def _follow(stack: list[tuple[str, bool, bool]], tag: str) -> None:
    """Keep the elements that are open; a closing tag closes all that were left open inside its element."""
    found = _NAME.match(tag)
    if not found:
        return
    name = found[1].lower()
    if tag.startswith("</"):
        if any(each[0] == name for each in stack):
            while stack.pop()[0] != name:
                pass
    elif name not in _VOID and not tag.endswith("/>"):
        closed, prose = (stack[-1][1], stack[-1][2]) if stack else (False, False)
        shut = closed or name in _CLOSED or bool(_CLOSED_MARKS.search(tag))
        stack.append((name, shut, prose or name in _PROSE))
