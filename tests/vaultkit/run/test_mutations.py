"""Break one function of the engine at a time: the note that teaches it must go red, and green without."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RADIX, KV = "concepts/RadixAttention.md", "concepts/KV cache.md"
MLA, GRPO = "concepts/Multi-head latent attention.md", "concepts/GRPO.md"
NOTES = (RADIX, KV, MLA, GRPO)
MUTANTS = [
    ("attention: wrong scale", "ops/attention.py", "q.shape[-1] ** -0.5 if", "q.shape[-1] ** -0.4 if", KV),
    ("radix match: one token short", "cache/radix.py", "Match(length,", "Match(max(0, length - 1),", RADIX),
    ("radix insert: never extends", "cache/radix.py", "if length < len(key):", "if not length:", RADIX),
    ("grpo: best instead of mean", "rl/grpo.py", "- mx.mean(rewards", "- mx.max(rewards", GRPO),
    ("MLA absorbed: values 1% off", "nn/mla.py", "return out @ w_uv", "return out * 1.01 @ w_uv", MLA),
    ("rope: pairs of neighbours", "ops/rope.py", "dims, traditional=tr", "dims, traditional=not tr", KV),
    ("rms_norm: large epsilon", "ops/rms_norm.py", "x.dtype), float(eps))", "x.dtype), eps + 0.1)", KV),
]  # fmt: skip


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the notes, so that no result of a broken engine is kept for the real ones."""
    root = tmp_path_factory.mktemp("mutants") / "vault"
    (root / "concepts").mkdir(parents=True)
    shutil.copytree(ROOT / "vault" / ".obsidian", root / ".obsidian")
    shutil.copytree(ROOT / "vault" / "attachments", root / "attachments")
    for note in NOTES:
        shutil.copyfile(ROOT / "vault" / note, root / note)
    return root


def engine(folder: Path) -> Path:
    """A copy of the engine's sources with the rest linked."""
    target = folder / "codebase" / "kvist"
    shutil.copytree(
        ROOT / "codebase" / "kvist", target, ignore=shutil.ignore_patterns("__pycache__", "assets", "*.so")
    )
    for part in [ROOT / "codebase" / "kvist" / "assets", *(ROOT / "codebase" / "kvist").glob("*.so")]:
        (target / part.name).symlink_to(part)
    (folder / "kernels").symlink_to(ROOT / "kernels")
    return target


def failed(vault: Path, package: Path, *notes: str) -> dict[str, list[str]]:
    """The kinds of failures of each note with this engine."""
    command = [sys.executable, "-m", "vaultkit.cli", "run", "--engine", str(package.parent), "--no-cache"]
    files = [str(vault / note) for note in notes]
    done = subprocess.run([*command, "--json", *files], capture_output=True, text=True, cwd=vault)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["path"] for row in rows] == list(notes), done.stderr
    return {row["path"]: [failure["kind"] for failure in row["failures"]] for row in rows}


@pytest.mark.slow
def test_the_copy_is_green(vault: Path, tmp_path: Path) -> None:
    assert failed(vault, engine(tmp_path), *NOTES) == {note: [] for note in NOTES}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "file", "old", "new", "note"), MUTANTS, ids=[m[0] for m in MUTANTS])
def test_a_broken_engine_is_seen(
    vault: Path, tmp_path: Path, name: str, file: str, old: str, new: str, note: str
) -> None:
    source = engine(tmp_path) / file
    text = source.read_text("utf-8")
    assert text.count(old) >= 1
    source.write_text(text.replace(old, new), "utf-8")
    assert failed(vault, tmp_path / "codebase" / "kvist", note)[note], f"{note} does not notice: {name}"
