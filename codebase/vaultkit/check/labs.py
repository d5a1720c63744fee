"""Labs: both languages have the same cells in the same order, and the files hold nothing that churns."""

from collections.abc import Iterator
from pathlib import Path

from vaultkit.check.parity import same_code
from vaultkit.errors import Problem
from vaultkit.labs.notebook import Notebook, NotebookError, is_notebook
from vaultkit.labs.view import read_once
from vaultkit.labs.write import churn, with_code
from vaultkit.note import Note
from vaultkit.pairs import canonical, pair_of
from vaultkit.vault import Vault
from vaultkit.write import write_atomic


def check_labs(vault: Vault) -> Iterator[Problem]:
    for path in vault.notes:
        notebook = _notebook(vault.root / path) if is_notebook(path) else None
        if notebook is None:
            continue
        for number in churn(notebook):
            message = f"cell {number} carries execution counts or times, which change with each run"
            yield Problem(path, 0, "lab-churn", message, f'vaultkit update "{path}"')
        english = _notebook(vault.root / canonical(path)) if canonical(path) != path else None
        if english:
            yield from _cells(path, notebook, canonical(path), english)


def mend_lab(vault: Vault, note: Note) -> bool:
    """Carry code, outputs and control over to a Chinese lab with as many code cells; True if it changed."""
    other = pair_of(vault, note.path)
    if note.lang != "zh" or other is None:
        return False
    chinese, english = _notebook(vault.root / note.path), _notebook(vault.root / other)
    if not chinese or not english or len(chinese.code) != len(english.code):
        return False
    text = with_code(chinese, english).encode()
    same = _code(chinese) == _code(english)
    if not same:
        write_atomic(vault.root / note.path, text)
    return not same


def _cells(path: str, chinese: Notebook, source: str, english: Notebook) -> Iterator[Problem]:
    kinds = [[cell.kind for cell in notebook.cells] for notebook in (english, chinese)]
    if kinds[0] != kinds[1]:
        message = f"{len(kinds[1])} cells ({kinds[1].count('code')} of code), but {source} has "
        message += f"{len(kinds[0])} ({kinds[0].count('code')}), or in another order"
        yield Problem(path, 0, "parity-cells", message, "the same cells in the same order in both languages")
        return
    for number, (a, b) in enumerate(zip(english.cells, chinese.cells, strict=True), 1):
        if a.kind == "code" and (a.source, a.run, a.example) != (b.source, b.run, b.example):
            line = next((n for n, x, y in _rows(a.source, b.source, b.lines) if x != y), 0)
            message = f"the code of cell {number} is not that of {source}"
            if same_code(a.source, b.source):  # else the parity of notes says so
                yield Problem(path, line, "parity-code", message, "run check --fix to copy it")


def _rows(a: str, b: str, lines: list[int]) -> Iterator[tuple[int, str, str]]:
    rows_a, rows_b = a.split("\n"), b.split("\n")
    for place, line in enumerate(lines):
        yield line, rows_a[place] if place < len(rows_a) else "", rows_b[place] if place < len(rows_b) else ""


def _code(notebook: Notebook) -> list[tuple[object, ...]]:
    return [
        (cell.source, cell.run, cell.example, cell.output, sorted(cell.figures.items()))
        for cell in notebook.code
    ]


def _notebook(file: Path) -> Notebook | None:
    try:
        return read_once(file.read_bytes().decode("utf-8-sig", "replace"))
    except (OSError, NotebookError):
        return None
