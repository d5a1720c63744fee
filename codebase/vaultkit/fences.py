"""Fenced code blocks: the grammar of the opening and closing lines, and the language of a fence."""

import re
from functools import lru_cache
from typing import NamedTuple

PYTHON = frozenset({"python", "py", "python3", "py3"})
# Shown as Python by Pygments, its plug-ins or our site, yet not run: the lint asks for `python` or a skip.
PYTHON_LIKE = frozenset({
    "ipython", "ipython3", "pyi", "sage", "python2", "py2", "numpy",
    "pycon", "python-console", "ipythonconsole", "ipython3console",
    "python2.7", *(f"python3.{minor}" for minor in range(6, 20)),
})  # fmt: skip

_OPEN = re.compile(r"(?P<marker>`{3,}|~{3,})(?P<info>.*)$")
_CLASS = re.compile(r"\.([\w+#.-]+)")


class Fence(NamedTuple):
    """A fenced code block.

    `line` and `end_line` (1-based) are the two marker lines; an unclosed fence ends at its last line.
    `prefix` is what must precede each line to stay in the same container (`> `, four spaces, ...).
    `code` is the content without the prefix, each line ended by a newline.
    `hidden` is true inside a `%% %%` comment: neither Obsidian nor the site shows it.
    `on_marker` is true when the fence stands on the line of a list marker, footnote or definition.
    `indent` is the white space, in columns at the end of `prefix`, between the container and the fence.
    """

    line: int
    end_line: int
    prefix: str
    marker: str
    info: str
    code: str
    closed: bool = True
    hidden: bool = False
    on_marker: bool = False
    indent: int = 0

    @property
    def language(self) -> str:
        return fence_language(self.info)

    @property
    def is_python(self) -> bool:
        return self.language in PYTHON

    @property
    def shown_as_python(self) -> bool:
        """True if a reader sees it as Python, whether it runs or not."""
        return not self.hidden and (self.is_python or self.language in PYTHON_LIKE)

    @property
    def is_output(self) -> bool:
        return self.language == "output"


class OpenFence(NamedTuple):
    """A fence whose end has not been read yet; `indent` columns are taken off each line of its code."""

    line: int
    marker: str
    info: str
    prefix: str
    indent: int
    on_marker: bool
    code: list[str]

    def ended(self, end_line: int, *, closed: bool, hidden: bool) -> Fence:
        code, indent = "".join(self.code), 0 if self.on_marker else self.indent
        line, prefix, on_marker = self.line, self.prefix, self.on_marker
        return Fence(line, end_line, prefix, self.marker, self.info, code, closed, hidden, on_marker, indent)


@lru_cache(maxsize=1024)
def fence_language(info: str) -> str:
    """Language of an info string, lower-cased: `python title="x"`, `{.python .x}`, `Py3`; "" if none."""
    info = info.strip()
    if info.startswith("{"):
        found = _CLASS.search(info)
        return found.group(1).lower() if found else ""
    words = re.split(r"[\s{,]", info, maxsplit=1)
    return words[0].lower().removeprefix(".")


def opening(text: str) -> tuple[str, str] | None:
    """(marker, info) if `text`, without its container prefix and indent, opens a fence."""
    found = _OPEN.match(text)
    if not found or (found["marker"][0] == "`" and "`" in found["info"]):
        return None
    return found["marker"], found["info"].strip()


def closes(text: str, marker: str) -> bool:
    """True if `text`, without its container prefix, closes a fence opened by `marker`."""
    stripped = text.strip(" \t")
    return len(stripped) >= len(marker) and not stripped.strip(marker[0])
