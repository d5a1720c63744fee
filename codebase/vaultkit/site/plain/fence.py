"""Code as a fence that the site's Markdown reads whatever it holds."""

import re

from vaultkit.fences import fence_language

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
        word = _WORD.match(fence_language(info))
        info = word[0] if word else ""
    return [f"{ticks} {info}".strip() if info.startswith("{") else ticks + info, *code_lines(code), ticks]


def code_lines(code: str) -> list[str]:
    return code.removesuffix("\n").split("\n")
