"""Front matter of the plainest kind, which nearly all notes have, read without a YAML parser.

That is lines `key: words`, `key: "text"`, `key: 12`, `key: 2026-11-22`, `key: true`, `key: [a, b/c]`, and
`key:` alone or above a list of `- words`. Where a line is anything else, YAML reads all of it.
"""

import re
from datetime import date
from typing import Any, NamedTuple

_WORDS = r"[^\W\d_][\w/-]*(?: [\w/-]+)*"
_QUOTED = r"[^\"\\\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]*"
_SCALAR = re.compile(
    rf'(?:"(?P<quoted>{_QUOTED})"|(?P<words>{_WORDS})|(?P<number>0|[1-9][0-9]{{0,17}})'
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})) *"
)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_LIST = re.compile(rf" \[((?:{_WORDS}(?:, {_WORDS})*)?)\] *")
_ITEM = re.compile(r" *- ")
_RESOLVED = frozenset({"yes", "no", "on", "off", "true", "false", "null"})  # no text, in some cases
_BOOLEANS = {"true": True, "false": False}


class Text(NamedTuple):
    """A text among the properties: `key` is dotted, `a.b` in mappings and `a.0` in lists.

    It stands from `line` (1-based) and `column` (0-based) to `end_line` and `end_column`, quotes included.
    """

    key: str
    value: str
    line: int
    column: int
    end_line: int
    end_column: int


class NotFlat(Exception):
    """Only YAML knows."""


def read_flat(lines: list[str]) -> tuple[dict[str, Any], list[Text]]:
    """Properties and texts of the lines below the opening `---`, else raise NotFlat."""
    properties: dict[str, Any] = {}
    texts: list[Text] = []
    items: list[Any] | None = None  # the list that may stand below a lone key
    indent = -1
    key = ""
    for number, line in enumerate(lines, 2):
        if not line:
            continue
        if item := _ITEM.match(line) if line[0] in " -" else None:
            if items is None or indent not in (-1, item.end()):
                raise NotFlat
            indent = item.end()
            properties[key] = items
            items.append(_scalar(f"{key}.{len(items)}", line, number, indent, texts))
            continue
        key, colon, rest = line.partition(":")
        if not colon or key in properties or not _KEY.fullmatch(key) or key.lower() in _RESOLVED:
            raise NotFlat
        items, indent = None, -1
        if not rest.strip(" "):
            properties[key], items = None, []
        elif listed := _LIST.fullmatch(rest):
            properties[key] = _flow(key, listed[1], number, len(key) + 3, texts)
        elif rest[0] == " ":
            properties[key] = _scalar(key, line, number, len(key) + 2, texts)
        else:
            raise NotFlat
    return properties, texts


def _flow(key: str, inner: str, number: int, column: int, texts: list[Text]) -> list[str]:
    words = inner.split(", ") if inner else []
    for index, word in enumerate(words):
        if word.lower() in _RESOLVED:
            raise NotFlat
        texts.append(Text(f"{key}.{index}", word, number, column, number, column + len(word)))
        column += len(word) + 2
    return words


def _scalar(key: str, line: str, number: int, column: int, texts: list[Text]) -> Any:
    found = _SCALAR.fullmatch(line, column)
    kind = found.lastgroup if found else None
    if not found or not kind:
        raise NotFlat
    value: str = found[kind]
    if kind == "number":
        return int(value)
    if kind == "date":
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise NotFlat from None
    if kind == "words" and value in _BOOLEANS:
        return _BOOLEANS[value]
    if kind == "words" and value.lower() in _RESOLVED:
        raise NotFlat
    quotes = 2 if kind == "quoted" else 0
    texts.append(Text(key, value, number, column, number, column + len(value) + quotes))
    return value
