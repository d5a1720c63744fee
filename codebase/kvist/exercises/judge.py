"""Run the checks of an exercise over a learner's file and say of each how it went."""

import importlib.util
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple


class Verdict(NamedTuple):
    """`name` says what was checked, `message` what is wrong and where; "" if nothing is."""

    name: str
    ok: bool
    message: str


def load(file: Path) -> ModuleType:
    """The module in `file`, executed once under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"exercise_{file.parent.name}_{file.stem}", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judge(checks: ModuleType, solution: Path) -> Iterator[Verdict]:
    """A verdict for each `check_…` of `checks`, in the order of the file; one if `solution` will not load."""
    try:
        module = load(solution)
    except BaseException as error:  # a learner's file may do anything, sys.exit too
        yield Verdict(f"{solution.name} can be imported", False, _told(error, solution))
        return
    for name, check in list(vars(checks).items()):  # a warning adds a name
        if name.startswith("check_") and callable(check):
            label = (check.__doc__ or name).strip().splitlines()[0].rstrip(".")
            try:
                check(module)
            except BaseException as error:
                yield Verdict(label, False, _told(error, solution))
            else:
                yield Verdict(label, True, "")


def _told(error: BaseException, solution: Path) -> str:
    """The error in one line, with the line of the learner's file where it happened, if it did there."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(solution)
    ]
    if isinstance(error, SyntaxError) and error.filename == str(solution):
        lines = [error.lineno]
    text = " ".join(str(error).split())
    kind = "" if isinstance(error, AssertionError) and text else f"{type(error).__name__}: "
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType) and not lines:
        kind, text = "", f"the file does not define what is checked: {text}"
    if "NoneType" in text and not lines:
        kind, text = "", "your function returned nothing (None)"
    return f"{solution.name}:{lines[-1]}: {kind}{text}" if lines else f"{kind}{text}".strip(": ")
