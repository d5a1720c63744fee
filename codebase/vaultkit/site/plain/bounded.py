"""Inline parsing that stays linear: a paragraph of thousands of marks is shown as it was typed.

And that is quick: up to the next mark, text is found by one search and not character by character.
"""

import re
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.text import _TerminatorChars
from markdown_it.token import Token

from vaultkit.site.plain.simple import MARK

_ANY = re.compile("[" + re.escape("".join(sorted(_TerminatorChars))) + "]")
_fields_of = attrgetter(*(field.name for field in fields(Token)))
MAX_MARKS = 2000  # in one paragraph; CommonMark's parsers take time quadratic in them


def bounded_plugin(parser: MarkdownIt) -> None:
    """Leave the inline marks of a paragraph alone if there are too many of them."""
    parser.core.ruler.at("inline", _inline)
    parser.inline.ruler.at("text", _text)


def _text(state: StateInline, silent: bool) -> bool:
    """The same as markdown-it's own rule."""
    found = _ANY.search(state.src, state.pos, state.posMax)
    end = found.start() if found else state.posMax
    if end == state.pos:
        return False
    if not silent:
        state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def is_heavy(text: str) -> bool:
    """True for text with so many marks that it is shown as it is."""
    return len(text) > MAX_MARKS and sum(map(text.count, "*_[<~=^&`{\\$#")) > MAX_MARKS


def _inline(state: StateCore) -> None:
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = token.children if token.children is not None else []
        if token.content.startswith(MARK) or is_heavy(token.content):
            token.children.append(Token("text", "", 0, content=token.content))
        elif "^[" in token.content or state.env:  # what stands elsewhere has a part in it
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            token.children += map(_copy, _alone(state.md, token.content))


def _copy(token: Token) -> Token:
    """What `Token.copy` gives, in a fraction of the time."""
    return Token(*_fields_of(token))


@lru_cache(2000)
def _alone(parser: MarkdownIt, text: str) -> list[Token]:
    """The tokens of text without notes and references: most of a note that was edited is as it was."""
    tokens: list[Token] = []
    parser.inline.parse(text, parser, {}, tokens)
    return tokens
