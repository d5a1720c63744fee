"""An expression's text into tokens."""

import re
from typing import Literal, NamedTuple

Kind = Literal["number", "string", "name", "regexp", "mark", "end"]
MAX_LENGTH = 10_000

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
_NAME = re.compile(r"[^\W\d][\w$]*")
_REGEXP = re.compile(r"/(?P<body>(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+)/(?P<flags>[a-z]*)")
_MARK = re.compile(r"&&|\|\||[=!<>]=|[-+*/%<>!().,\[\]{}:]")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Token(NamedTuple):
    kind: Kind
    text: str
    flags: str = ""


class ExpressionError(Exception):
    """What is wrong with an expression, for people."""


def tokens(source: str) -> list[Token]:
    """The tokens of an expression, else ExpressionError. A hyphen is a minus sign: `note["due-date"]`."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    found: list[Token] = []
    position = 0
    while position < len(source):
        if source[position].isspace():
            position += 1
            continue
        token, position = _next(source, position, found)
        found.append(token)
    return [*found, Token("end", "")]


def _next(source: str, at: int, before: list[Token]) -> tuple[Token, int]:
    if match := _NUMBER.match(source, at):
        return Token("number", match[0]), match.end()
    if match := _STRING.match(source, at):
        return Token("string", _ESCAPE.sub(_unescape, match[0][1:-1])), match.end()
    if match := _NAME.match(source, at):
        return Token("name", match[0]), match.end()
    if source[at] == "/" and not _ends_value(before) and (match := _REGEXP.match(source, at)):
        return Token("regexp", match["body"], match["flags"]), match.end()
    if match := _MARK.match(source, at):
        return Token("mark", match[0]), match.end()
    what = "text without its closing quote" if source[at] in "\"'" else f"unexpected `{source[at]}`"
    raise ExpressionError(f"{what} at character {at + 1}")


def _ends_value(before: list[Token]) -> bool:
    """After a value a slash divides; elsewhere it starts a regular expression."""
    return bool(before) and (before[-1].kind != "mark" or before[-1].text in (")", "]", "}"))


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) == 5:
        char = chr(int(code[1:], 16))
        return "\ufffd" if "\ud800" <= char <= "\udfff" else char
    return _ESCAPES.get(code, code)
