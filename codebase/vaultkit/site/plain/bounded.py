"""Inline parsing that stays linear: a paragraph of thousands of marks is shown as it was typed."""

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

MAX_MARKS = 2000  # in one paragraph; CommonMark's parsers take time quadratic in them


def bounded_plugin(parser: MarkdownIt) -> None:
    """Leave the inline marks of a paragraph alone if there are too many of them."""
    parser.core.ruler.at("inline", _inline)


def _inline(state: StateCore) -> None:
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = token.children if token.children is not None else []
        if sum(map(token.content.count, "*_[<~=^")) > MAX_MARKS:
            token.children.append(Token("text", "", 0, content=token.content))
        else:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
