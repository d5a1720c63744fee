"""A notebook read as a note: Markdown as it is, code cells as fences, what they printed as output fences."""

import re
from collections.abc import Callable
from functools import lru_cache

from vaultkit.errors import Problem
from vaultkit.fences import Fence, opening
from vaultkit.labs.notebook import Cell, Notebook, NotebookError, read_notebook

_MARKS = re.compile(r"`{3,}|~{3,}")


@lru_cache(maxsize=64)
def read_once(text: str) -> Notebook:
    """The parsed notebook, which must not be changed; several tools ask for it. Raises NotebookError."""
    return read_notebook(text)


def note_text(text: str, path: str) -> tuple[str | None, list[Problem]]:
    """The text of a notebook file as Markdown; None and the reason if it is no notebook."""
    try:
        rows = _rows(read_once(text))
    except NotebookError as error:
        hint = "open it in Jupyter, or take the last good version"
        return None, [Problem(path, error.line, "notebook", str(error), hint)]
    return "".join(row + "\n" for row, _ in rows), []


def file_lines(text: str) -> list[int]:
    """For each line of the Markdown the line of the file that it comes from, or that is nearest above."""
    try:
        rows = _rows(read_once(text))
    except NotebookError:
        return []
    known, found = 1, []
    for _, line in rows:
        known = line or known
        found.append(known)
    return found


def in_file(lines: list[int], line: int) -> int:
    """The line of the file for a line of the Markdown."""
    return lines[line - 1] if 0 < line <= len(lines) else line


def placed(fence: Fence, cell: Cell) -> Fence:
    """The fence of a code cell at the lines of the file, if the file has a line for each line of code."""
    first = cell.lines[0] if cell.lines else 0
    if not first or cell.lines != list(range(first, first + len(cell.lines))):
        return fence
    return Fence(first - 1, cell.lines[-1] + 1, fence.prefix, fence.marker, fence.info, fence.code)


def slot(number: int) -> str:
    """What stands for code cell `number` (from 1) in text whose cells are rendered elsewhere."""
    return f'<div class="k-cell" data-cell="{number}"></div>'


def text_with_slots(notebook: Notebook, fill: Callable[[int, Cell], str]) -> str:
    """The notebook's Markdown, line for line, with `fill(number, cell)` in place of each code cell."""
    number, rows = 0, []
    for cell in notebook.cells:
        if cell.kind == "code":
            number += 1
            rows += [fill(number, cell), *([""] * len(_code_rows(cell)))]
        elif text := _text(cell, first=not rows):
            rows += [*text.split("\n"), ""]
    return "".join(row + "\n" for row in rows)


def _text(cell: Cell, *, first: bool) -> str:
    """Raw cells are for other tools, but for front matter at the top."""
    source = cell.source.strip("\n")
    shown = cell.kind == "markdown" or (cell.kind == "raw" and first and source.startswith("---"))
    return source if shown else ""


def _rows(notebook: Notebook) -> list[tuple[str, int]]:
    """(line of Markdown, line of the file or 0)."""
    rows: list[tuple[str, int]] = []
    for cell in notebook.cells:
        if cell.kind == "code":
            rows += _code_rows(cell)
        elif text := _text(cell, first=not rows):
            skipped = len(cell.source) - len(cell.source.lstrip("\n"))
            rows += [(row, _at(cell, n + skipped)) for n, row in enumerate(text.split("\n"))]
        else:
            continue
        rows.append(("", 0))
    return rows


def _code_rows(cell: Cell) -> list[tuple[str, int]]:
    above = _at(cell, 0)
    mark = _marker(cell.source)
    rows = [(f"<!-- run: {cell.run} -->", above)] if cell.run else []
    rows.append((f"{mark}python", above))
    lines = cell.source.split("\n") if cell.source else []
    rows += [(row, _at(cell, n)) for n, row in enumerate(lines[:-1] if lines and not lines[-1] else lines)]
    rows.append((mark, 0))
    if printed := cell.output.rstrip():
        mark = _marker(printed)
        rows += [(row, 0) for row in (f"{mark}output", *printed.split("\n"), mark)]
    return rows


def _at(cell: Cell, number: int) -> int:
    return cell.lines[min(number, len(cell.lines) - 1)] if cell.lines else 0


def _marker(text: str) -> str:
    """A fence mark that no line of `text` closes."""
    marks = [found[0] for row in text.split("\n") if opening(row.strip()) for found in _MARKS.finditer(row)]
    return "`" * max(3, *(len(mark) + 1 for mark in marks)) if marks else "```"
