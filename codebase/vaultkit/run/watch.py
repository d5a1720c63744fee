"""`vaultkit watch`: save a note or a module, and see the verdict.

Watching is looking, four times a second, at the vault, at the engine and at every file the cache says a
note has used. After each change a new process runs what depends on it: nothing of an old state can live on.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from vaultkit import place
from vaultkit.run.results import ENGINE

INTERVAL = 0.2
_PASSED_OVER = frozenset({"__pycache__", "node_modules", "build"})

Look = dict[str, tuple[int, int, int]]


def watch(root: Path, names: list[str], said: Callable[[], None]) -> int:
    """Run what changed, now and after each change, until Ctrl-C; `said` is called when at rest. Returns 0."""
    child: subprocess.Popen[bytes] | None = None
    try:
        while True:
            seen = look(root)
            child = subprocess.Popen(_command(names), start_new_session=True)
            child.wait()
            said()
            _wait(root, seen)
    except KeyboardInterrupt:
        if child and child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait()
        return 0


def look(root: Path) -> Look:
    """Times and sizes of everything that a verdict can depend on; what does not exist is left out."""
    found: Look = {}
    project = place.project_of(root)
    for path in _paths(root, [root, *(project / folder for folder in ENGINE)]):
        try:
            status = os.stat(path)
        except OSError:
            continue
        found[path] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size)
    return found


def _wait(root: Path, seen: Look) -> None:
    """Return once something differs from `seen` and has stopped changing."""
    while (now := look(root)) == seen:
        time.sleep(INTERVAL)
    while (after := look(root)) != now:
        now = after
        time.sleep(INTERVAL / 4)


def _paths(root: Path, folders: list[Path]) -> Iterator[str]:
    for top in folders:
        for folder, below, files in os.walk(top):
            below[:] = [name for name in below if name[0] != "." and name not in _PASSED_OVER]
            yield from (os.path.join(folder, name) for name in files if name[0] != ".")
    try:
        data = (place.cache_folder(root) / "notes.cache").read_bytes().partition(b"\n")[2]
        things = json.loads(data)["things"]
    except (OSError, ValueError, KeyError):
        return
    # Folders are watched only where their names were read: the times of others change with any file in them.
    yield from (name for kind, name, value in things if kind == "folder" or value != "folder")


def _command(names: list[str]) -> list[str]:
    """This same program once more: started otherwise, it would have another import path."""
    program = [sys.argv[0]] if not sys.argv[0].endswith("cli.py") else ["-m", "vaultkit.cli"]
    return [sys.executable, *program, "run", "--brief", *names]
