"""Write what code cells printed and drew back into a notebook: valid nbformat, nothing that churns.

Outputs carry no execution counts, times or paths, cells keep their ids, and keys are sorted as Jupyter does.
"""

import copy
import hashlib
import json
from typing import Any, NamedTuple

from vaultkit.labs.notebook import Notebook

_CHURN = frozenset({"execution", "ExecuteTime", "papermill"})  # times that tools write into cells' metadata


class Result(NamedTuple):
    """What one code cell did: what it printed, the value of its last line (or ""), its figures by name."""

    stdout: str
    value: str
    figures: dict[str, str]
    error: tuple[str, str] | None = None


def with_results(notebook: Notebook, results: dict[int, Result]) -> str:
    """The file's text with new outputs for the code cells in `results` (numbered from 1)."""
    data = copy.deepcopy(notebook.data)
    number = 0
    taken = {cell.identity for cell in notebook.cells}
    for place, cell in enumerate(data["cells"]):
        _settle(cell, place, taken, data)
        if cell.get("cell_type") == "code":
            number += 1
            if number in results:
                cell["outputs"] = list(_outputs(results[number]))
    return dump(data)


def with_code(chinese: Notebook, english: Notebook) -> str:
    """The Chinese notebook with the code, outputs and control of the English one, cell by cell."""
    data = copy.deepcopy(chinese.data)
    source = iter(cell for cell in english.data["cells"] if cell.get("cell_type") == "code")
    for cell in data["cells"]:
        if cell.get("cell_type") == "code":
            cell.update(copy.deepcopy(next(source)))
    return dump(data)


def dump(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def churn(notebook: Notebook) -> list[int]:
    """Numbers of the code cells that carry execution counts or times."""
    cells = [cell for cell in notebook.data["cells"] if cell.get("cell_type") == "code"]
    return [number for number, cell in enumerate(cells, 1) if _counts(cell)]


def _counts(cell: dict[str, Any]) -> bool:
    counted = [cell, *(output for output in cell.get("outputs") or [] if isinstance(output, dict))]
    timed = _CHURN & set(cell.get("metadata") or {})
    return bool(timed) or any(item.get("execution_count") is not None for item in counted)


def _settle(cell: dict[str, Any], place: int, taken: set[str], data: dict[str, Any]) -> None:
    """Take out what changes from run to run; give a cell without an id one that stays."""
    cell.setdefault("metadata", {})
    for name in _CHURN & set(cell["metadata"]):
        del cell["metadata"][name]
    if cell.get("cell_type") == "code":
        cell["execution_count"] = None
        for output in cell.setdefault("outputs", []):
            if output.get("output_type") == "execute_result":
                output["execution_count"] = None
    if "id" not in cell and data.get("nbformat_minor", 0) >= 5:
        name = hashlib.sha256(f"{place}".encode()).hexdigest()[:8]
        cell["id"] = name if name not in taken else f"{name}-{place}"


def _outputs(result: Result) -> Any:
    if result.stdout:
        yield {"output_type": "stream", "name": "stdout", "text": result.stdout.splitlines(keepends=True)}
    for name, svg in result.figures.items():
        data = {"image/svg+xml": svg.splitlines(keepends=True), "text/plain": [name]}
        yield {"output_type": "display_data", "data": data, "metadata": {"kvist": {"figure": name}}}
    if result.error:
        name, value = result.error
        yield {"output_type": "error", "ename": name, "evalue": value, "traceback": []}
    if result.value:
        data = {"text/plain": result.value.splitlines(keepends=True)}
        yield {"output_type": "execute_result", "execution_count": None, "data": data, "metadata": {}}
