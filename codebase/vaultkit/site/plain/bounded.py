"""Inline parsing that stays linear: a paragraph of thousands of marks is shown as it was typed."""

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

MAX_MARKS = 2000  # in one paragraph; CommonMark's parsers take time quadratic in them


def bounded_plugin(parser: MarkdownIt) -> None:
    """Leave the inline marks of a paragraph alone if there are too many of them."""
    parser.core.ruler.at("inline", _inline)


def is_heavy(text: str) -> bool:
    """True for text with so many marks that it is shown as it is."""
    return len(text) > MAX_MARKS and sum(map(text.count, "*_[<~=^&`{\\$#")) > MAX_MARKS


def _inline(state: StateCore) -> None:
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = token.children if token.children is not None else []
        if is_heavy(token.content):
            token.children.append(Token("text", "", 0, content=token.content))
        else:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
