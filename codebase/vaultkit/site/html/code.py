"""Pygments, with the same result in less time: a rule is tried only where its first character stands, and the
same block is coloured once.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from pygments.lexer import RegexLexer
from pygments.token import STANDARD_TYPES, Error, Whitespace, _TokenType
from pymdownx.highlight import Highlight

from vaultkit.site.html.first_characters import ASCII, first_characters

Rule = tuple[Any, Any, Any]  # method `match` of an expression, what it is, the state after it
# Names, operators, punctuation and white space look like the text around them.
_UNSTYLED = frozenset(
    ["n", "nx", "nv", "na", "vc", "vg", "vi", "vm", "fm", "py", "kc", "o", "p", "pm", "w", "x", "err"]
)
_MARK = re.compile(rf'<span class="(?:{"|".join(sorted(_UNSTYLED))})">([^<]*)</span>')
_SPECIAL = ("linenums", "line_spans", "line_anchors", "noclasses", "auto_title")  # settings
_FENCE = re.compile(r"^```(\w+)\n(.+?)\n```$", re.MULTILINE | re.DOTALL)
_MOST = 20_000  # blocks to keep


class QuickHighlight(Highlight):
    """In the place of pymdownx's."""

    _coloured: ClassVar[dict[tuple[str, str], tuple[str, str]]] = {}
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
        """A block without numbers, of which nothing special is asked, is written here."""
        if options.get("inline"):
            return super().highlight(src, language, css_class, **options)
        special = any(options.get(name) for name in ("hl_lines", "id_value", "attrs", "title"))
        special |= options.get("linestart", -1) > 0 or any(getattr(self, name) for name in _SPECIAL)
        if special or not (self.use_pygments and self.pygments_lang_class):
            return slim(super().highlight(src, language, css_class, **options))
        name, code = self.coloured(src, language)
        names = [f"{self.language_prefix}{name}", *(options.get("classes") or []), css_class]
        return f'<div class="{" ".join(names)}"><pre><code>{code}</code></pre></div>'

    def coloured(self, src: str, language: str) -> tuple[str, str]:
        """(name of the language, HTML of the code)."""
        found = self._coloured.get((language, src))
        if found is None:
            lexer, name = self.get_lexer(src, language, False, self.stripnl)
            found = name, coloured(lexer, src)
            if len(self._coloured) < _MOST:
                self._coloured[language, src] = found
        return found


def colour_shared(folders: Iterable[Path]) -> None:
    """Colour each block that stands on several pages once, for processes that are started after this."""
    seen: Counter[tuple[str, str]] = Counter()
    for folder in folders:
        for file in folder.rglob("*.md"):
            seen.update(_FENCE.findall(file.read_text("utf-8", "replace")))
    highlighter = QuickHighlight(None)
    for (language, code), count in seen.items():
        if count > 1:
            highlighter.coloured(code, language)


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
