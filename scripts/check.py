"""The quick lane: style, types, the vault and its notes, and tests that are neither slow nor in a browser.

Two rows of steps run side by side. Notes are run when something they use has changed, properties are tried on
fewer examples than in `make test`, and labs, slow tests and browsers are left to it.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FAST = "not slow and not browser"
NOT_RUN = {"labs", "attachments", "templates"}
VAULT = sorted(p for p in Path("vault").iterdir() if p.name not in NOT_RUN and not p.name.startswith("."))
NOTES = [str(path) for path in VAULT if path.is_dir() or path.suffix == ".md"]

ROWS = [
    [
        ("ruff check", ["-m", "ruff", "check", "--quiet", "."]),
        ("ruff format", ["-m", "ruff", "format", "--quiet", "--check", "."]),
        ("types", ["-m", "mypy"]),
        ("vault", ["-m", "vaultkit.cli", "check"]),
        ("notes", ["-m", "vaultkit.cli", "run", "--brief", *NOTES]),
    ],
    [("tests", ["-m", "pytest", "-q", "-x", "-n", "2", "--dist", "loadfile", "-m", FAST, "tests"])],
]


def main() -> None:
    with ThreadPoolExecutor(len(ROWS)) as pool:
        failed = [name for row in pool.map(run_row, ROWS) for name in row]
    sys.exit(f"check: failed: {', '.join(failed)}" if failed else 0)


def run_row(steps: list[tuple[str, list[str]]]) -> list[str]:
    """Run steps one after another; what each says is printed when it ends. Returns the names that failed."""
    failed = []
    for name, arguments in steps:
        started = time.perf_counter()
        environment = {**os.environ, "KVIST_QUICK": "1"}
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        state = (
            f"check: {name}: {'FAILED' if done.returncode else 'ok'} ({time.perf_counter() - started:.1f} s)"
        )
        sys.stdout.buffer.write(done.stdout + f"{state}\n".encode())
        sys.stdout.flush()
        failed += [name] if done.returncode else []
    return failed


if __name__ == "__main__":
    main()
