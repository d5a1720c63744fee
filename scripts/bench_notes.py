"""Measure note running: plain pytest-markdown-docs against this project's runner, side by side in one run.

    .venv/bin/python scripts/bench_notes.py [--notes 200] [--repeats 3]

Makes a vault of notes with three blocks each over a package of 40 small modules, in a temporary folder, and
times each way from the start of its process to the end: median wall clock and CPU (user + system) seconds.
"""

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

MODULES = 40
CODE = Path(__file__).resolve().parents[1] / "codebase"
# Pytest keeps the bytecode of plug-ins that it rewrites, where it may write; this is how it runs where not.
UNKEPT = """import sys, pytest, _pytest.assertion.rewrite as rewrite
rewrite._read_pyc = lambda *arguments, **options: None
sys.exit(pytest.main(sys.argv[1:]))"""
PROSE = "\n".join(
    f"Line {n} of prose about *keys* and **values**, with `code`, a [[Note 1|link]] and $x_{n}$.\n"
    for n in range(12)
)


class Way(NamedTuple):
    """One way to run notes: its name, its command, and what is done before each time."""

    name: str
    command: list[str]
    before: Callable[[Path], None]


def make(root: Path, notes: int) -> None:
    engine = root / "code" / "eng"
    engine.mkdir(parents=True)
    (engine / "__init__.py").write_text("")
    for n in range(MODULES):
        below = f"from eng.m{n - 8} import scale as below\n" if n >= 8 else "def below(x):\n    return x\n"
        (engine / f"m{n}.py").write_text(
            f"import mlx.core as mx\n{below}\n\ndef scale(x):\n    return mx.array(below(x)) * {1 + n % 3}\n"
        )
    vault = root / "vault"
    (vault / ".obsidian").mkdir(parents=True)
    (root / "pyproject.toml").write_text("")
    for n in range(notes):
        module = n % MODULES
        (vault / f"Note {n}.md").write_text(note(n, module, shown=True))
    plain = root / "plain"
    plain.mkdir()
    for n in range(notes):
        (plain / f"Note {n}.md").write_text(note(n, n % MODULES, shown=False))


def note(n: int, module: int, *, shown: bool) -> str:
    """Three blocks with prose between; as plain pytest-markdown-docs wants them, or with their outputs."""
    blocks = [
        f"import numpy as np\nfrom eng.m{module} import scale\nx = np.ones((2, 3))\nprint(x.shape)",
        "y = scale(x)\nprint(y.shape)",
        f"total = float(np.array(y).sum()) / 6 + {n}\nassert total > 0\nprint(total == total)",
    ]
    outputs = ["(2, 3)", "(2, 3)", "True"]
    text = f"# Note {n}\n\n"
    for number, (code, output) in enumerate(zip(blocks, outputs, strict=True)):
        word = " continuation" if number and not shown else ""
        answer = f"```output\n{output}\n```\n" if shown else ""
        text += f"## Part {number}\n\n{PROSE}\n```python{word}\n{code}\n```\n{answer}\n"
    return text


def measure(command: list[str], root: Path) -> tuple[float, float]:
    path = f"{CODE}{os.pathsep}{root / 'code'}"
    env = {**os.environ, "PYTHONPATH": path, "MLX_DISABLE_COMPILE": "1"}
    used, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"bench: {' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def forget(root: Path) -> None:
    shutil.rmtree(root / ".cache", ignore_errors=True)


def edit(root: Path) -> None:
    """Change the code of one note, as a save in Obsidian would."""
    _stamp(root / "vault" / "Note 7.md", "import numpy")


def edit_leaf(root: Path) -> None:
    """Change the module that the fewest notes use: one note in forty."""
    _stamp(root / "code" / "eng" / f"m{MODULES - 1}.py", "import mlx")


def edit_core(root: Path) -> None:
    """Change a module on which every eighth note depends through others."""
    _stamp(root / "code" / "eng" / "m0.py", "import mlx")


def _stamp(file: Path, before: str) -> None:
    text = re.sub(r"# edit \d+\n", "", file.read_text())
    file.write_text(text.replace(before, f"# edit {time.time_ns()}\n{before}", 1))


def ways() -> list[Way]:
    options = ["-q", "--markdown-docs", "-p", "no:cacheprovider"]
    pytest = [sys.executable, "-m", "pytest", *options]
    run = [sys.executable, "-m", "vaultkit.cli", "run"]
    folder = ["-c", os.devnull, "--rootdir", "plain", "plain"]
    ours = [*pytest, "-c", os.devnull, "--rootdir", "vault", "-p", "vaultkit.run.plugin", "vault"]

    def nothing(root: Path) -> None: ...

    return [
        Way("pytest-markdown-docs, no outputs", [*pytest, *folder], nothing),
        Way("the same, bytecode not kept", [sys.executable, "-c", UNKEPT, *options, *folder], nothing),
        Way("pytest with our plug-in, outputs", ours, nothing),
        Way("vaultkit run, cold", run, forget),
        Way("vaultkit run --no-cache", [*run, "--no-cache"], nothing),
        Way("vaultkit run, nothing changed", run, nothing),
        Way("vaultkit run, one note edited", run, edit),
        Way("vaultkit run, leaf module edited", run, edit_leaf),
        Way("vaultkit run, core module edited", run, edit_core),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    taken: dict[str, list[tuple[float, float]]] = {}
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="kvist-bench-") as folder:
        root = Path(folder).resolve()
        make(root, args.notes)
        measure([sys.executable, "-m", "vaultkit.cli", "run"], root)  # bytecode and disk caches are warm
        for _ in range(args.repeats):
            for way in ways():
                way.before(root)
                taken.setdefault(way.name, []).append(measure(way.command, root))
    load = f"load {before:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores"
    print(f"{args.notes} notes x 3 blocks, medians of {args.repeats}, {load}; ratios to the first line")
    first_wall, first_cpu = (statistics.median(column) for column in zip(*taken[ways()[0].name], strict=True))
    for name, rows in taken.items():
        wall, cpu = (statistics.median(column) for column in zip(*rows, strict=True))
        ratios = f"{first_wall / wall:6.1f}x {first_cpu / cpu:6.1f}x"
        print(f"{name:34} wall {wall:6.2f} s  cpu {cpu:6.2f} s   {ratios} quicker (wall, CPU)")


if __name__ == "__main__":
    main()
