"""Pygments, with the same result in less time: a rule is tried only where its first character stands, and the
same block is coloured once.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from pygments.lexer import RegexLexer
from pygments.token import STANDARD_TYPES, Error, Whitespace, _TokenType
from pymdownx.highlight import Highlight

from vaultkit.site.html.first_characters import ASCII, first_characters

Rule = tuple[Any, Any, Any]  # method `match` of an expression, what it is, the state after it
# Names, punctuation and white space look like the text around them.
_UNSTYLED = frozenset(
    ["n", "nx", "nv", "na", "vc", "vg", "vi", "vm", "fm", "py", "kc", "p", "pm", "w", "x", "err"]
)
_MARK = re.compile(rf'<span class="(?:{"|".join(sorted(_UNSTYLED))})">([^<]*)</span>')
_MOST = 2_000  # blocks to keep


class QuickHighlight(Highlight):
    """In the place of pymdownx's."""

    _kept: ClassVar[dict[tuple[str, ...], str]] = {}
    _lexers: ClassVar[dict[tuple[str, bool, bool], tuple[Any, str]]] = {}

    def get_lexer(self, src: str, language: str, inline: bool, stripnl: bool) -> tuple[Any, str]:
        key = (language, inline, stripnl)
        if self.guess_lang or self.extend_pygments_lang or len(self._lexers) > _MOST:
            return super().get_lexer(src, language, inline, stripnl)
        if key not in self._lexers:
            lexer, name = super().get_lexer(src, language, inline, stripnl)
            self._lexers[key] = (quick(lexer), name)
        return self._lexers[key]

    def highlight(self, src: str, language: str, css_class: str = "highlight", **options: Any) -> Any:
        numbered = self.linenums or self.line_spans or self.line_anchors
        if options.get("inline") or numbered or self.title_mode == "html":
            return super().highlight(src, language, css_class, **options)
        told = {name: value for name, value in options.items() if name != "code_block_count"}
        key = (src, language, css_class, repr(told))
        if key not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[key] = self._block(src, language, css_class, options)
        return self._kept[key]

    def _block(self, src: str, language: str, css_class: str, options: dict[str, Any]) -> str:
        """A block without numbers; one with nothing special is written here."""
        special = any(options.get(name) for name in ("hl_lines", "id_value", "attrs", "title"))
        special |= options.get("linestart", -1) > 0 or self.noclasses or self.auto_title
        if special or not (self.use_pygments and self.pygments_lang_class):
            return slim(super().highlight(src, language, css_class, **options))
        lexer, name = self.get_lexer(src, language, False, self.stripnl)
        names = [f"{self.language_prefix}{name}", *(options.get("classes") or []), css_class]
        return f'<div class="{" ".join(names)}"><pre><code>{coloured(lexer, src)}</code></pre></div>'


def coloured(lexer: Any, text: str) -> str:
    """HTML of code: what is not coloured has no mark, and a mark ends where its line ends."""
    parts: list[str] = []
    run: list[str] = []
    name = ""
    for kind, value in lexer.get_tokens(text):
        if (other := _class(kind)) != name:
            parts.append(_marked(name, "".join(run)))
            name, run = other, []
        run.append(value)
    return "".join([*parts, _marked(name, "".join(run))])


@cache
def _class(kind: _TokenType) -> str:
    """What a token is called in the style sheet, "" if it looks like the text around it."""
    while kind not in STANDARD_TYPES:
        kind = kind.parent
    name = STANDARD_TYPES[kind]
    return "" if name in _UNSTYLED else name


def _marked(name: str, text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if not name:
        return text
    lines = text.split("\n")
    return "\n".join(f'<span class="{name}">{line}</span>' if line else "" for line in lines)


def slim(block: str) -> str:
    """A block of pymdownx's without marks that give what they stand around the colour that it has anyway."""
    return _MARK.sub(r"\1", block.replace("<pre><span></span><code>", "<pre><code>", 1))


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
        self._kind: Any = type(lexer)

    def __call__(self, text: str, stack: tuple[str, ...] = ("root",)) -> Iterator[tuple[int, Any, str]]:
        rules = _rules(self._kind)
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
def _rules(lexer: Any) -> _Rules:
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
