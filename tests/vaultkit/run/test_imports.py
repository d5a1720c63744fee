"""Guards the hook that seeds a library the moment a note imports it."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from vaultkit.run.imports import after_import, forget


@pytest.fixture
def module(tmp_path: Path, monkeypatch) -> str:
    (tmp_path / "kvist_probe.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "kvist_probe"
    sys.modules.pop("kvist_probe", None)
    forget()


def test_action_runs_once_after_the_import_even_if_the_module_was_looked_for(module: str) -> None:
    seen: list[int] = []
    after_import(module, lambda found: seen.append(found.value))
    assert find_spec(module) is not None and seen == []
    imported = import_module(module)
    assert seen == [1] and type(imported.__loader__).__name__ == "SourceFileLoader"
    import_module(module)
    assert seen == [1]


def test_forgotten_requests_do_nothing(module: str) -> None:
    seen: list[int] = []
    after_import(module, lambda found: seen.append(found.value))
    before = len(sys.meta_path)
    forget()
    import_module(module)
    assert seen == [] and len(sys.meta_path) == before - 1
