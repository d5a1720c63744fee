"""Split Metal source into tokens. Nothing is lost: joining the texts gives the source back."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kvist.errors import KvistError

_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<directive>\#[ \t]*(?!define)(?:\\\n|[^\n])*)
  | (?P<space>\s+)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>0[xX][\da-fA-F.]+(?:[pP][+-]?\d+)?\w*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\w*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark>::|.)
    """,
    re.DOTALL | re.VERBOSE,
)
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of source text; `start` is its offset."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokenize(source: str) -> list[Token]:
    """Every token of `source` in order, comments and spaces included."""
    return [Token(str(m.lastgroup), m.group(), m.start()) for m in _TOKEN.finditer(source)]


def significant(tokens: Sequence[Token]) -> list[Token]:
    """Without comments, spaces and preprocessor lines (the text of a #define is code and stays)."""
    return [token for token in tokens if token.kind not in ("comment", "space", "directive")]


def matching(tokens: Sequence[Token], start: int) -> int:
    """Index of the bracket that closes the one at index `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        text = tokens[index].text
        depth += text in _OPENING
        depth -= text in _CLOSING
        if depth == 0:
            return index
    raise KvistError("metal", f"a bracket that closes {tokens[start].text!r}", "the end of the file")


def open_bracket(tokens: Sequence[Token]) -> tuple[Token, str, str] | None:
    """The bracket that is not closed, or closes none, what is needed and what there is; None if all match."""
    opened: list[Token] = []
    for token in tokens:
        if token.text in _OPENING and token.kind == "mark":
            opened.append(token)
        elif token.text in _CLOSING and token.kind == "mark":
            if not opened:
                return token, f"a bracket that this `{token.text}` closes", "none"
            if _CLOSING[_OPENING.index(opened[-1].text)] != token.text:
                break
            opened.pop()
    if not opened:
        return None
    return opened[-1], f"a bracket that closes this `{opened[-1].text}`", "none"


def is_attribute(tokens: Sequence[Token], index: int) -> bool:
    """Whether `[[` stands at `index`."""
    pair = tokens[index : index + 2]
    return len(pair) == 2 and pair[0].text == pair[1].text == "[" and pair[0].end == pair[1].start


def attribute_end(tokens: Sequence[Token], index: int) -> int:
    """Index behind the `]]` that closes the `[[` at `index`."""
    return matching(tokens, index) + 1


def split_commas(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The pieces between the commas of a list; commas inside brackets and template arguments do not count."""
    piece: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.text in (*_OPENING, "<")
        depth -= token.text in (*_CLOSING, ">")
        if token.text == "," and depth == 0:
            yield piece
            piece = []
        else:
            piece.append(token)
    if piece:
        yield piece
