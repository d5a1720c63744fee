"""Python-Markdown's inline patterns, each tried only on text that holds a character it cannot do without.

Nothing comes out otherwise than without it; a fifth of the time of a page is spent on patterns that find
nothing.
"""

from typing import Any

from markdown import Extension, Markdown
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
}


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
        start = 0
        while patternIndex < len(patterns):
            characters = needed[patternIndex]
            if characters and not any(character in data for character in characters):
                patternIndex, start = patternIndex + 1, 0
                continue
            data, matched, start = self._InlineProcessor__applyPattern(  # type: ignore[attr-defined]
                patterns[patternIndex], data, patternIndex, start
            )
            if not matched:
                patternIndex += 1
        return data


class Quick(Extension):
    """Puts it in the place of the one that Python-Markdown has, unless another extension has done so."""

    def extendMarkdown(self, md: Markdown) -> None:
        if type(md.treeprocessors["inline"]) is InlineProcessor:
            md.treeprocessors.register(QuickInline(md), "inline", 20)
        for other in md.registeredExtensions:
            if isinstance(other, HighlightExtension):
                other.get_pymdownx_highlighter = lambda: QuickHighlight  # type: ignore[method-assign]
