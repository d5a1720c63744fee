"""Guards that what `run --engine` prints can be typed: the hints name the engine, and update takes it."""

import subprocess
import sys
from pathlib import Path


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vaultkit.cli", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_run_look_update(tmp_path: Path) -> None:
    (tmp_path / "eng" / "mini").mkdir(parents=True)
    (tmp_path / "eng" / "mini" / "__init__.py").write_text("x = 41\n")
    note = tmp_path / "v" / "One.md"
    note.parent.mkdir()
    note.write_text("```python\nimport mini\nprint(mini.x + 1)\n```\n")
    ran = call(tmp_path, "run", "v", "--engine", "eng")
    assert ran.returncode == 1 and "update v/One.md --engine eng" in ran.stdout
    assert call(tmp_path, "update", "v", "--engine", "nowhere").returncode == 2
    updated = call(tmp_path, "update", "v/One.md", "--engine", "eng")
    assert updated.returncode == 0 and note.read_text().endswith("```\n```output\n42\n```\n")
    assert call(tmp_path, "run", "v", "--engine", "eng").returncode == 0
