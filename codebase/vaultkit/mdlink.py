"""Markdown links `[text](dest)` and images; Obsidian looks them up like a wikilink (rule L10).

Reference links (`[text][ref]`) are none of the vault's links: Obsidian keeps them apart and resolves none.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

_MARK = re.compile(r"\\.|!?\[|\]", re.DOTALL)
_ANGLE = re.compile(r"<((?:\\.|[^<>\n\\])*)>")
_PIECE = re.compile(r"\\[!-/:-@\[-`{-~]|[()]|[^\s()\\\x00-\x1f\x7f]+|\\")
_TITLE = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\)", re.DOTALL)
_SPACE = re.compile(r"\s*")
_SCHEME = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:|//)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]*);")
_MAX_PARENTHESES = 32  # of a destination; CommonMark's own limit


class Found(NamedTuple):
    """`raw` starts at `column`; `destination` is as written, without angle brackets and title, and starts
    `offset` characters into `raw`.
    """

    column: int
    raw: str
    embed: bool
    display: str
    destination: str
    offset: int


def find(text: str) -> Iterator[Found]:
    """Markdown links and images of a text whose code and comments are blanked out, inner ones first.

    A link holds no other link: of `[a [b](c) d](e)` the inner one is a link; images may stand in links.
    """
    if "](" not in text:
        return
    opened: list[tuple[int, int]] = []
    inactive = 0  # openers below this index enclose a link already
    for token in _MARK.finditer(text):
        mark = token.group()
        if mark[0] == "\\":
            continue
        if mark != "]":
            opened.append((token.start(), token.end()))
            continue
        if not opened:
            continue
        start, text_start = opened.pop()
        embed = text[start] == "!"
        active = embed or len(opened) >= inactive
        inactive = min(inactive, len(opened))
        if not active or text[text_start : text_start + 1] == "^":  # `[^1](…)` is a footnote and text
            continue
        if target := _target(text, token.end()):
            begin, end, after = target
            inactive = inactive if embed else len(opened)
            display = text[text_start : token.start()]
            yield Found(start, text[start:after], embed, display, text[begin:end], begin - start)


def _target(text: str, at: int) -> tuple[int, int, int] | None:
    """(start and end of the destination, end of the closing bracket) of `(…)` at `at`."""
    if text[at : at + 1] != "(":
        return None
    at = _skip(text, at + 1)
    if angle := _ANGLE.match(text, at):
        begin, end = angle.span(1)
        at = angle.end()
    elif text[at : at + 1] == "<":
        return None
    else:
        begin = at
        end = at = _bare_end(text, at)
    gap = _skip(text, at)
    if gap > at and (title := _TITLE.match(text, gap)):
        gap = _skip(text, title.end())
    return (begin, end, gap + 1) if text[gap : gap + 1] == ")" else None


def _bare_end(text: str, at: int) -> int:
    """End of a destination without angle brackets: at white space or a bracket that it did not open."""
    depth = opened = 0
    while piece := _PIECE.match(text, at):
        if piece.group() == "(":
            depth += 1
            opened += 1
            if opened > _MAX_PARENTHESES:
                break
        elif piece.group() == ")":
            if not depth:
                break
            depth -= 1
        at = piece.end()
    return at


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def is_external(destination: str) -> bool:
    """True for `https://…`, `mailto:…`, `//host/…`: not a file of the vault."""
    return bool(_SCHEME.match(destination))


def plain(destination: str) -> str:
    """A destination as written, its escapes undone."""
    if "\\" in destination:
        destination = _ESCAPED.sub(r"\1", destination)
    if "&" in destination:
        destination = _ENTITY.sub(lambda entity: unescape(entity.group()), destination)
    return destination


def split_destination(destination: str) -> tuple[str, str]:
    """(path, subpath) of a destination as written: escapes undone, split at `#`, both percent-decoded."""
    path, _, subpath = plain(destination).partition("#")
    return _decode(path).strip(), _decode(subpath).strip()


def _decode(text: str) -> str:
    """Percent-decoded, or as it is where that gives no text."""
    try:
        return unquote(text, errors="strict") if "%" in text else text
    except UnicodeDecodeError:
        return text
