"""One notebook as plain values: its cells, what they printed and drew, where their lines stand in the file.

A notebook's properties stand in its first cell if that is a raw cell with front matter. A code cell may carry
`"kvist": {"run": "raises ValueError", "example": true}` in its metadata, where `run` has the words of a
control comment; the notebook's metadata may carry `"kvist": {"rtol": 0.02}`.
"""

import bisect
import json
import re
from dataclasses import dataclass, field
from typing import Any

from vaultkit.files import NOTEBOOK, is_notebook

__all__ = ["SUFFIX", "Cell", "Notebook", "NotebookError", "is_notebook", "read_notebook"]

SUFFIX = NOTEBOOK
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]')
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class NotebookError(ValueError):
    """The file is no notebook; `line` is 1-based, 0 for the file as a whole."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Cell:
    """A cell; `lines` are the file's lines (1-based) of its source lines, `output` is what it printed."""

    kind: str
    source: str
    identity: str
    lines: list[int]
    run: str = ""
    example: bool = False
    output: str = ""
    figures: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Notebook:
    """`rtol` is the tolerance of printed floats that the notebook declares, 0 for the usual one."""

    data: dict[str, Any]
    cells: list[Cell]
    rtol: float = 0.0

    @property
    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.kind == "code"]


def read_notebook(text: str) -> Notebook:
    """Parse the text of a notebook file (nbformat 4). Raises NotebookError."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookError(f"is not JSON: {error.msg}", error.lineno) from error
    except RecursionError as error:
        raise NotebookError("is nested too deeply") from error
    cells = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookError("is no notebook of format 4: it has no list `cells`")
    if data.get("nbformat", 4) != 4:
        raise NotebookError(f"is a notebook of format {data['nbformat']}, not 4")
    places = _source_lines(text, len(cells))
    rtol = _own(data).get("rtol")
    known = [_cell(cell, lines) for cell, lines in zip(cells, places, strict=True)]
    return Notebook(data, known, float(rtol) if isinstance(rtol, int | float) and 0 < rtol < 1 else 0.0)


def _cell(cell: dict[str, Any], lines: list[int]) -> Cell:
    own = _own(cell)
    found = Cell(str(cell.get("cell_type")), joined(cell.get("source")), str(cell.get("id", "")), lines)
    if found.kind == "code":
        found.run, found.example = str(own.get("run") or ""), own.get("example") is True
        for output in cell.get("outputs") or []:
            if isinstance(output, dict):
                _output(found, output)
    return found


def _output(cell: Cell, output: dict[str, Any]) -> None:
    kind, data = output.get("output_type"), output.get("data")
    data = data if isinstance(data, dict) else {}
    if kind == "stream" and output.get("name") == "stdout":
        cell.output += joined(output.get("text"))
    elif kind == "execute_result":
        cell.output += joined(data.get("text/plain")) + "\n"
    elif kind == "error":
        name, value = output.get("ename", ""), _ANSI.sub("", str(output.get("evalue", "")))
        cell.output += f"{name}: {value}".rstrip(": ") + "\n"
    elif kind == "display_data" and "image/svg+xml" in data:
        name = str(_own(output).get("figure") or f"{len(cell.figures) + 1}.svg")
        cell.figures[name] = joined(data["image/svg+xml"])


def joined(text: Any) -> str:
    """A multi-line string of the format: a string, or a list of its lines."""
    return "".join(str(part) for part in text) if isinstance(text, list) else str(text or "")


def _own(value: dict[str, Any]) -> dict[str, Any]:
    metadata = value.get("metadata")
    own = metadata.get("kvist") if isinstance(metadata, dict) else None
    return own if isinstance(own, dict) else {}


def _source_lines(text: str, count: int) -> list[list[int]]:
    """For each cell the file's line of each line of its source; `json` does not tell where things stand."""
    breaks = [found.start() for found in re.finditer("\n", text)]
    pieces: list[list[tuple[int, str]]] = [[] for _ in range(count)]
    stack: list[list[Any]] = []  # per open container: its bracket, and the key or index that is next
    awaiting_key = False
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "{[":
            stack.append([mark, 0 if mark == "[" else None])
            awaiting_key = mark == "{"
        elif mark in "}]":
            stack.pop()
        elif mark == "," and stack:
            if stack[-1][0] == "[":
                stack[-1][1] += 1
            awaiting_key = stack[-1][0] == "{"
        elif mark == ":":
            awaiting_key = False
        elif awaiting_key:
            stack[-1][1] = json.loads(mark)
        elif [key for _, key in stack[::2]][:2] == ["cells", "source"] and len(stack) in (3, 4):
            line = bisect.bisect_left(breaks, token.start()) + 1
            pieces[stack[1][1]].append((line, json.loads(mark)))
    return [_lines(parts) for parts in pieces]


def _lines(parts: list[tuple[int, str]]) -> list[int]:
    found: list[int] = []
    begins = True
    for line, text in parts:
        for piece in text.splitlines(keepends=True):
            found += [line] if begins else []
            begins = piece.endswith("\n")
    return found
