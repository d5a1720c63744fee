"""Keeping what notes, modules and libraries use: whose doing something was is read off the call stack."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.modules import Modules
from vaultkit.run.stamps import is_library, variable
from vaultkit.run.untracked import CALENDAR, RANDOMNESS, reads_calendar
from vaultkit.run.used import Dependency, Used

_RUNNER = "vaultkit.run.execute"
_IMPORTERS = frozenset({"importlib._bootstrap", "importlib._bootstrap_external"})


class Recorder:
    """What has been used, by whom, and which value each thing had when it was first used."""

    def __init__(self, fingerprints: Fingerprints) -> None:
        self.fingerprints = fingerprints
        self.active = False
        self.busy = threading.local()
        self.note = Used()
        self.library = Used()
        self.by_module: dict[str, Used] = {}
        self.values: dict[Dependency, str] = {}
        self.host_path = list(sys.path)
        self.host_environ = dict(os.environ)
        self.written: set[str] = set()
        self.made: tuple[str, ...] = ()
        self.modules = Modules(self)

    def used(self) -> Used:
        """All that the note of the last `begin` has used, with what its modules have. What libraries have
        used while they were imported counts for every note: it stands in `library`, but for what of it
        cannot be tracked.
        """
        untracked = self.note.untracked | self.library.untracked
        total = Used(set(self.note.things), self.modules.closure(self.note.modules), untracked)
        for name in total.modules:
            if part := self.by_module.get(name):
                total.things |= part.things
                total.untracked |= part.untracked
        if self.modules.strangers:
            total.untracked.add(f"{self.modules.strangers[0]} was imported before the run began")
        return total

    def on_files(self, paths: list[str], module: str = "") -> None:
        """Files matter to whoever runs now, and to `module`."""
        if not paths:
            return
        users = self._users(sys._getframe(1))
        if module:
            users.append(self.by_module.setdefault(module, Used()))
        for path in paths:
            self._put("file", path, users)

    def on_module(self, name: str) -> None:
        for used in self._users(sys._getframe(1)):
            used.modules.add(name)
        for user in self._stack(sys._getframe(1)):
            if user != name:
                self.modules.link(user, (name,))

    def _put(self, kind: str, name: str, users: list[Used] | None = None) -> None:
        if kind != "variable":
            if (name + os.sep).startswith(self.made) or name in self.written:
                self.modules.tainted |= self._stack(
                    sys._getframe(1)
                )  # a module has read what a note has made
                return
            if is_library(name) or f"{os.sep}__pycache__" in name:
                return
            if name.startswith("/dev/null"):
                return
            if name.startswith("/dev/") and "random" in name:
                self._untracked(RANDOMNESS)
                return
            if name.startswith(("/proc/", "/sys/", "/dev/")):
                self._untracked(f"reads {name}")
                return
        thing = (kind, name)
        if thing not in self.values:
            with self._unseen():
                self.values[thing] = self.value(kind, name)
        for used in self._users(sys._getframe(1)) if users is None else users:
            used.things.add(thing)

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        """What this thread does in the body is our own doing."""
        before = getattr(self.busy, "now", False)
        self.busy.now = True
        try:
            yield
        finally:
            self.busy.now = before

    def value(self, kind: str, name: str) -> str:
        if kind == "variable":
            return variable(self.host_environ, name)
        return self.fingerprints.thing(kind, name)

    def _untracked(self, reason: str) -> None:
        for used in self._users(sys._getframe(1)):
            used.untracked.add(reason)

    def _users(self, frame: FrameType | None) -> list[Used]:
        """The note, each of our modules on the stack, and the libraries if one is being imported."""
        found, inner = [self.note], True
        edges = self.modules.edges
        while frame is not None:
            name = frame.f_globals.get("__name__", "")
            if name in edges:
                found.append(self.by_module.setdefault(name, Used()))
                inner = False
            elif name == _RUNNER:
                break  # all further out is the runner's
            elif inner and name not in _IMPORTERS:  # asking for a frame's code is an audit event of its own
                code = frame.f_code
                if code.co_name == "<module>" and is_library(code.co_filename):
                    found.append(self.library)
                    inner = False
            frame = frame.f_back
        return found

    def _stack(self, frame: FrameType | None) -> set[str]:
        """Our modules on the stack."""
        names, edges = set(), self.modules.edges
        while frame is not None:
            name = frame.f_globals.get("__name__", "")
            if name == _RUNNER:
                break
            if name in edges:
                names.add(name)
            frame = frame.f_back
        return names

    def on_source(self, source: bytes, module: str = "") -> None:
        """The code of a note, or of a module, that is going to be run or has been."""
        if reads_calendar(source):
            used = self.by_module.setdefault(module, Used()) if module else self.note
            used.untracked.add(CALENDAR)
