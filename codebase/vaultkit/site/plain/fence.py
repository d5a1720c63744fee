"""Code as a fence that the site's Markdown reads whatever it holds."""

import re
from collections.abc import Iterator

from vaultkit.fences import PYTHON, PYTHON_LIKE, closes, fence_language, opening

_RUN = re.compile(r"^[ ]*(`{3,})", re.MULTILINE)
_VALUE = r"""[\w-]+=(?:"[^"]*"|'[^']*'|[\w.-]+)"""
_INFO = re.compile(rf"[\w#.+-]+(?:[ ]+{_VALUE})*$|\{{[ ]*[.#][\w-]+(?:[ ]+(?:[.#][\w-]+|{_VALUE}))*[ ]*\}}$")
_WORD = re.compile(r"[\w#.+-]+")


def fence(code: str, info: str = "") -> list[str]:
    """Lines of a fence; of an info string that the site cannot read, the language stays."""
    marks = max((len(found[1]) for found in _RUN.finditer(code)), default=2) + 1
    ticks = "`" * max(marks, 3)
    info = info.strip()
    if not _INFO.match(info):
        word = info.split(maxsplit=1)[0] if info else ""
        info = word if _WORD.fullmatch(word) else ""
    return [f"{ticks} {info}".strip() if info.startswith("{") else ticks + info, *code_lines(code), ticks]


def code_lines(code: str) -> list[str]:
    return code.removesuffix("\n").split("\n")


def split_code(source: str) -> Iterator[tuple[str, str]]:
    """Raw HTML as (text, "") and (code, info) where a closed fence of Python stands in it."""
    lines = source.split("\n")
    rest: list[str] = []
    index = 0
    raw = re.search(r"<(?:pre|script|style|textarea)\b", source, re.IGNORECASE)
    while index < len(lines):
        found = None if raw else opening(lines[index].strip())
        end = index + 1
        if found and fence_language(found[1]) in PYTHON | PYTHON_LIKE:
            while end < len(lines) and not closes(lines[end], found[0]):
                end += 1
        if end > index + 1 and end < len(lines) and found:
            yield "\n".join(rest), ""
            yield "\n".join(lines[index + 1 : end]) + "\n", found[1]
            rest, index = [], end + 1
        else:
            rest.append(lines[index])
            index += 1
    yield "\n".join(rest), ""
