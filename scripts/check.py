"""The quick lane: style, types, the vault's lint, and every test that is neither slow nor in a browser."""

import subprocess
import sys
import time

FAST = "not slow and not browser"

STEPS = [
    ("ruff check", ["-m", "ruff", "check", "--quiet", "."]),
    ("ruff format", ["-m", "ruff", "format", "--quiet", "--check", "."]),
    ("types", ["-m", "mypy"]),
    ("vault", ["-m", "vaultkit.cli", "check"]),
    ("tests and notes", ["-m", "pytest", "-q", "-x", "-n", "2", "--dist", "loadfile", "-m", FAST]),
]


def main() -> None:
    failed = []
    for name, arguments in STEPS:
        started = time.perf_counter()
        code = subprocess.run([sys.executable, *arguments]).returncode
        print(
            f"check: {name}: {'ok' if code == 0 else 'FAILED'} ({time.perf_counter() - started:.1f} s)",
            flush=True,
        )
        if code:
            failed.append(name)
    sys.exit(f"check: failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
