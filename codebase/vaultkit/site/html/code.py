"""Pygments, with the same result in less time: a rule is tried only where its first character stands, and the
same block is coloured once.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pygments.lexer import RegexLexer
from pygments.token import Error, Whitespace, _TokenType
from pymdownx.highlight import Highlight

from vaultkit.site.html.first_characters import ASCII, first_characters

Rule = tuple[Any, Any, Any]  # method `match` of an expression, what it is, the state after it
# Names, punctuation and white space look like the text around them.
_UNSTYLED = re.compile(r'<span class="(?:n|nx|nv|na|vc|vg|vi|vm|fm|py|kc|p|pm|w|x|err)">([^<]*)</span>')
_MOST = 2_000  # blocks to keep


class QuickHighlight(Highlight):
    """In the place of pymdownx's."""

    _kept: dict[tuple[str, ...], str] = {}

    def get_lexer(self, *given: Any) -> tuple[Any, str]:
        lexer, name = super().get_lexer(*given)
        return quick(lexer), name

    def highlight(self, src: str, language: str, *given: Any, **options: Any) -> Any:
        numbered = self.linenums or self.line_spans or self.line_anchors
        if options.get("inline") or numbered or self.title_mode == "html":
            return super().highlight(src, language, *given, **options)
        told = {name: value for name, value in options.items() if name != "code_block_count"}
        key = (src, language, repr(given), repr(told), self.pygments_style)
        if key not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[key] = slim(super().highlight(src, language, *given, **options))
        return self._kept[key]


def slim(block: str) -> str:
    """The block without marks that give what they stand around the colour that it has anyway."""
    return _UNSTYLED.sub(r"\1", block.replace("<pre><span></span><code>", "<pre><code>", 1))


def quick(lexer: Any) -> Any:
    """The lexer, which now finds the same tokens in less time if it is one of rules that its class gives."""
    of_rules = type(lexer).get_tokens_unprocessed is RegexLexer.get_tokens_unprocessed
    if of_rules and hasattr(type(lexer), "_tokens") and "_tokens" not in vars(lexer):
        lexer.get_tokens_unprocessed = Tokens(lexer)
    return lexer


class Tokens:
    """What a lexer of rules makes of a text: the same tokens."""

    def __init__(self, lexer: RegexLexer) -> None:
        self._lexer = lexer

    def __call__(self, text: str, stack: tuple[str, ...] = ("root",)) -> Iterator[tuple[int, Any, str]]:
        rules = _rules(type(self._lexer))
        states = list(stack)
        position = 0
        while True:
            character = text[position : position + 1]
            state = states[-1]
            fitting = rules.get((state, character))
            for match, kind, then in rules.of(state, character) if fitting is None else fitting:
                if found := match(text, position):
                    if type(kind) is _TokenType:
                        yield position, kind, found[0]
                    elif kind is not None:
                        yield from kind(self._lexer, found)
                    position = found.end()
                    if then is not None:
                        _move(states, then)
                    break
            else:
                if not character:
                    return
                end = character == "\n"
                states = ["root"] if end else states
                yield position, Whitespace if end else Error, character
                position += 1


class _Rules(dict[tuple[str, str], tuple[Rule, ...]]):
    """Rules of a kind of lexer by state and character, "" at the end of the text."""

    def __init__(self, lexer: type[RegexLexer]) -> None:
        self._all: dict[str, list[Rule]] = lexer._tokens  # type: ignore[attr-defined]

    def of(self, state: str, character: str) -> tuple[Rule, ...]:
        rules = self._all[state]
        if character and ord(character) < 128:
            rules = [rule for rule in rules if character in _first(rule[0])]
        self[state, character] = tuple(rules)
        return self[state, character]


@cache
def _rules(lexer: type[RegexLexer]) -> _Rules:
    return _Rules(lexer)


@cache
def _of_pattern(pattern: re.Pattern[str]) -> frozenset[str]:
    return first_characters(pattern)


def _first(match: Any) -> frozenset[str]:
    """First characters of a rule, all where it is no expression of `re`."""
    pattern = getattr(match, "__self__", None)
    return _of_pattern(pattern) if isinstance(pattern, re.Pattern) else ASCII


def _move(states: list[str], then: Any) -> None:
    """The state after a rule: so many states back, or one or several states on."""
    if isinstance(then, int):
        del states[max(1, len(states) + then) :]
        return
    for step in then if isinstance(then, tuple) else (then,):
        if step != "#pop":
            states.append(states[-1] if step == "#push" else step)
        elif len(states) > 1:
            states.pop()
