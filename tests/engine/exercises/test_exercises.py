"""Guards the exercises: the starter is red, a right solution is green, one wrong edit is red again."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from kvist.exercises.judge import judge, load
from kvist.exercises.shelf import checks_of, names, starter_of

_SPEC = importlib.util.spec_from_file_location("exercise_solutions", Path(__file__).with_name("solutions.py"))
assert _SPEC and _SPEC.loader
solutions = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(solutions)


def verdicts(name: str, file: Path) -> list[bool]:
    return [verdict.ok for verdict in judge(load(checks_of(name)), file)]


@pytest.mark.parametrize("name", names())
def test_exercise(name: str, tmp_path: Path) -> None:
    has_compiler = any(shutil.which(command) for command in ("g++", "clang++"))
    if name == "metal_kernel" and not has_compiler and os.environ.get("CI") != "true":
        pytest.skip("no C++ compiler: Debian, Ubuntu: apt-get install g++")
    text, old, new = solutions.SOLUTIONS[name]
    starter = tmp_path / "starter.py"
    shutil.copy(starter_of(name), starter)
    assert not any(verdicts(name, starter))
    right = tmp_path / "right.py"
    right.write_text(solutions.HEAD + text)
    told = list(judge(load(checks_of(name)), right))
    assert len(told) >= 2 and all(verdict.ok for verdict in told), told
    wrong = tmp_path / "wrong.py"
    assert old in text
    wrong.write_text(solutions.HEAD + text.replace(old, new))
    assert not all(verdicts(name, wrong))
