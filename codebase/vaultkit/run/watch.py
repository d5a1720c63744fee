"""`vaultkit watch`: save a note or a module, and see the verdict.

Watching is looking, five times a second, at the vault, at the engine and at every file the cache says a
note has used. After each change a new process runs what depends on it: nothing of an old state can live on.
Times, sizes and inodes are compared, so an editor that puts a new file in the place of the old one is seen.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

from vaultkit import where
from vaultkit.run.results import ENGINE
from vaultkit.run.scope import WrongCall, no_engine, scope_of

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
INTERVAL = 0.2
MARGIN = 100_000_000  # ns that the times of files may lag behind the clock
_PASSED_OVER = frozenset({"__pycache__", "node_modules", "build"})

Look = dict[str, tuple[int, ...]]


class _Ended(Exception):
    """Somebody asked us to end."""


def watch(names: list[str], engine: str, said: Callable[[], None]) -> int:
    """Run what changed, now and after each change, until Ctrl-C, TERM or HUP; `said` is called when at rest.

    Returns 0, or 2 for a folder or note that is not there: said now, not after each change.
    """
    child: subprocess.Popen[bytes] | None = None
    try:
        root = scope_of(names).root
        if engine and not os.path.isdir(engine):
            raise WrongCall(no_engine(engine))
    except WrongCall as error:
        print(error, file=sys.stderr)
        return 2
    before = {number: signal.signal(number, _end) for number in _ENDING}
    try:
        while True:
            since, seen = time.time_ns() - MARGIN, look(root, engine)
            child = subprocess.Popen(_command(names, engine), start_new_session=True)
            child.wait()
            said()
            _wait(root, engine, seen, since)
    except (KeyboardInterrupt, _Ended):
        if child and child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait()
        return 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def look(root: str, engine: str = "") -> Look:
    """(whether it is in a folder of ours, times, size, inode) of all that a verdict can depend on; (False,)
    of what was asked for and is not there.
    """
    found: Look = {}
    project = where.project_of(root)
    folders = [root, *(os.path.join(project, folder) for folder in ENGINE), *([engine] if engine else [])]
    for ours, paths in ((True, _below(folders)), (False, _used(root))):
        for path in paths:
            try:
                status = os.stat(path)
            except OSError:
                if not ours:
                    found[path] = (False,)
                continue
            if path not in found:
                times = status.st_mtime_ns, status.st_ctime_ns
                found[path] = (ours, *times, status.st_size, status.st_ino)
    return found


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


def is_same(seen: Look, now: Look, since: int) -> bool:
    """True if nothing has changed between two looks. What notes have used may be looked at for the first
    time: it has not changed if its times are before `since`, the time in ns of the first look.
    """
    if any(now.get(path) != row for path, row in seen.items()):
        return False
    new = (row for path, row in now.items() if path not in seen)
    return all(not row[0] and max(row[1:3], default=0) < since for row in new)


def _wait(root: str, engine: str, seen: Look, since: int) -> None:
    """Return once something differs from `seen` and has stopped changing."""
    while is_same(seen, now := look(root, engine), since):
        time.sleep(INTERVAL)
    while (after := look(root, engine)) != now:
        now = after
        time.sleep(INTERVAL / 4)


def _below(folders: list[str]) -> Iterator[str]:
    for top in folders:
        for folder, below, files in os.walk(top):
            below[:] = [name for name in below if name[0] != "." and name not in _PASSED_OVER]
            yield from (os.path.join(folder, name) for name in files if name[0] != ".")


def _used(root: str) -> Iterator[str]:
    """What the cache says that notes have used."""
    try:
        with open(os.path.join(where.cache_folder(root), "notes.cache"), "rb") as file:
            things = json.loads(file.read().partition(b"\n")[2])["things"]
        # Folders only where their names were read: the times of others change with any file in them.
        yield from (n for kind, n, value in things if kind == "folder" or (kind, value) != ("file", "folder"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return


def _command(names: list[str], engine: str) -> list[str]:
    """This same program once more: started otherwise, it would have another import path."""
    program = [sys.argv[0]] if not sys.argv[0].endswith("cli.py") else ["-m", "vaultkit.cli"]
    option = ["--engine", engine] if engine else []
    return [sys.executable, *program, "run", "--brief", *option, *names]
