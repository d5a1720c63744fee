"""Python-Markdown with the same result in less time: patterns and block processors are tried only on text
that holds a character they cannot do without. Most of a page's text has none of them.
"""

import re
from functools import lru_cache
from typing import Any

from markdown import Extension, Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import InlineProcessor
from markdown.util import AtomicString
from pymdownx.highlight import HighlightExtension

from vaultkit.site.html.code import QuickHighlight

# One of these characters must be there; patterns that are not named are always tried.
_NEEDED = {
    "backtick": "`",
    "arithmatex-inline": "$\\",
    "escape": "\\",
    "footnote": "[",
    "reference": "[",
    "link": "[",
    "image_link": "[",
    "image_reference": "[",
    "short_reference": "[",
    "short_image_ref": "[",
    "autolink": "<",
    "automail": "<",
    "linebreak": "\n",
    "html": "<",
    "entity": "&",
    "delimiter": "*_=~",
}
_BLOCKS = {
    "markdown_block": "\x02",
    "arithmatex-block": "$\\",
    "table": "|",
    "hashheader": "#",
    "setextheader": "=-",
    "hr": "-_*",
    "olist": ".",
    "ulist": "*+-",
    "deflist": ":",
    "quote": ">",
    "footnote": "[",
    "abbr": "[",
    "reference": "[",
}
_INLINE = re.compile(
    r"</?(?:a|abbr|b|br|code|del|em|i|kbd|mark|s|small|span|strong|sub|sup|u)"
    r"(?: [a-z-]+=\"[^\"<>&\n]*\")* ?/?>|&(?:#\d{1,7}|[a-zA-Z]{1,31});"
)

_LONG = 300  # characters, below which it is no gain to know a line of HTML
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)(?:[^<>\"'/]|\"[^\"<>]*\"|'[^'<>]*'|/(?!>))*(/?)>")
_BLOCK_ELEMENTS = frozenset({"details", "div", "dl", "figure", "ol", "p", "section", "table", "ul"})
_VOID = frozenset({"br", "col", "hr", "img", "input", "source", "track", "wbr"})


class QuickInline(InlineProcessor):
    """The same patterns in the same order."""

    def run(self, tree: Any, ancestors: list[str] | None = None) -> Any:
        patterns = self.md.inlinePatterns
        self._patterns = list(patterns)
        self._needed = [_NEEDED.get(item.name, "") for item in patterns._priority]
        return super().run(tree, ancestors)

    def _InlineProcessor__handleInline(self, data: str, patternIndex: int = 0) -> str:
        """In the place of the private method of this name."""
        if isinstance(data, AtomicString):
            return data
        patterns, needed = self._patterns, self._needed
        held = _held(data)
        start = 0
        while patternIndex < len(patterns):
            characters = needed[patternIndex]
            if characters and held.isdisjoint(characters):
                patternIndex, start = patternIndex + 1, 0
                continue
            data, matched, start = self._InlineProcessor__applyPattern(  # type: ignore[attr-defined]
                patterns[patternIndex], data, patternIndex, start
            )
            if matched:
                held = _held(data)
            else:
                patternIndex += 1
        return data


def _held(text: str) -> frozenset[str]:
    return frozenset(character for character in "`$\\[<\n&*_=~" if character in text)


class QuickBlocks:
    """In the place of a parser's `parseBlocks`: the same processors in the same order."""

    def __init__(self, parser: BlockParser) -> None:
        self._registry = parser.blockprocessors
        self._all: list[tuple[BlockProcessor, str]] = []

    def __call__(self, parent: Any, blocks: list[str]) -> None:
        if not self._all:  # at the first block, as all extensions are there then
            processors = list(self._registry)
            names = [item.name for item in self._registry._priority]
            self._all = [(one, _BLOCKS.get(name, "")) for one, name in zip(processors, names, strict=True)]
        while blocks:
            for processor, needed in self._all:
                block = blocks[0]
                if needed and not any(character in block for character in needed):
                    continue
                if processor.test(parent, block) and processor.run(parent, blocks) is not False:
                    break


class QuickRawHtml(Preprocessor):
    """In the place of the one that looks for raw HTML: not at all where there are but elements of a line, and
    not in long lines of HTML without Markdown, which are put away as they are.
    """

    def __init__(self, other: Preprocessor) -> None:
        super().__init__(other.md)
        self._other = other

    def run(self, lines: list[str]) -> list[str]:
        rest = "\n".join(lines)
        if "<" in rest or "&" in rest:
            rest = _INLINE.sub("", rest)
        if "<" not in rest and "&" not in rest:
            return lines
        store = self.md.htmlStash.store
        lines = [store(line) if is_whole(lines, number) else line for number, line in enumerate(lines)]
        return self._other.run(lines)


def is_whole(lines: list[str], number: int) -> bool:
    """True for a long line between blank ones that is one block element, all of it, without Markdown."""
    line = lines[number]
    if len(line) < _LONG or "".join(lines[max(0, number - 1) : number]).strip():
        return False
    if "".join(lines[number + 1 : number + 2]).strip():
        return False
    return _is_block(line)


@lru_cache(100)
def _is_block(line: str) -> bool:
    """True for one block element without Markdown. Most lines of a page that was edited are as they were."""
    if not line.startswith("<") or not line.endswith(">") or "markdown" in line:
        return False
    tags = _TAG.findall(line)
    if line.count("<") != len(tags) or not tags or tags[0][1].lower() not in _BLOCK_ELEMENTS:
        return False
    depth: list[str] = []
    for number, (closing, name, end) in enumerate(tags):
        if closing and (not depth or depth.pop() != name):
            return False
        if not closing and end != "/" and name not in _VOID:
            depth.append(name)
        if not depth and number + 1 < len(tags):
            return False
    return not depth


class Quick(Extension):
    """Puts these in the place of those that Python-Markdown has, unless another extension has done so."""

    def extendMarkdown(self, md: Markdown) -> None:
        if type(md.treeprocessors["inline"]) is InlineProcessor:
            md.treeprocessors.register(QuickInline(md), "inline", 20)
        md.preprocessors.register(QuickRawHtml(md.preprocessors["html_block"]), "html_block", 20)
        md.parser.parseBlocks = QuickBlocks(md.parser)  # type: ignore[method-assign]
        for other in md.registeredExtensions:
            if isinstance(other, HighlightExtension):
                other.get_pymdownx_highlighter = lambda: QuickHighlight  # type: ignore[method-assign]
