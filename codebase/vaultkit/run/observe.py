"""What a note uses while it runs: files, folders, modules, environment variables, and what nobody can track.

Seen are Python's audit events (every `open`, `listdir`, `scandir`, process, socket, library), `os.stat` and
its kin (a file looked for counts, found or not), reads of `os.environ`, imports (see `modules`), and the
functions of libraries known to open files by themselves. Each is put down to the note and to all our modules
on the call stack: what a module has read once and remembers is a dependency of every later note that imports
it. What a library reads while it is first imported counts for all notes of the process.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any

from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.imports import after_import
from vaultkit.run.modules import Modules
from vaultkit.run.patches import wrap_environ, wrap_stats
from vaultkit.run.stamps import SET_BY_RUNNER, is_library, variable
from vaultkit.run.used import Dependency, Used

_STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty")
_TALKS = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")
_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
_NATIVE_READERS = {"mlx.core": ("load", "import_function")}  # open files where Python does not see it
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOADERS = frozenset(
    {
        "importlib._bootstrap",
        "importlib._bootstrap_external",
        "_frozen_importlib",
        "_frozen_importlib_external",
    }
)


class Observer:
    """Watches this process while notes run; there is one per process, as an audit hook stays for good."""

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
        self.temporary = tuple(f(tempfile.gettempdir()) + os.sep for f in (os.path.abspath, os.path.realpath))
        self.written: set[str] = set()
        self.made: tuple[str, ...] = ()
        self.wrapped: set[str] = set()
        self.modules = Modules(self)
        sys.addaudithook(self._hook)
        wrap_stats(self._looks, self._on_look)
        wrap_environ(lambda: self.active, self._on_variable)

    def begin(self) -> None:
        """A new note starts."""
        self.note = Used()
        self.written = set()
        self.made = ()
        self.modules.put_away()

    @contextmanager
    def watching(self, folder: str) -> Iterator[None]:
        """Record what happens in the body; files below `folder` are the note's own."""
        self._make(folder)
        for name, functions in _NATIVE_READERS.items():
            if name not in self.wrapped:
                self._when_imported(name, functions)
        self.active = True
        try:
            yield
        finally:
            self.active = False

    def used(self) -> Used:
        """All that the note of the last `begin` has used, with what its modules and the libraries have."""
        total = Used(set(self.note.things), self.modules.closure(self.note.modules), set(self.note.untracked))
        for part in [self.library, *(self.by_module.get(name, Used()) for name in sorted(total.modules))]:
            total.things |= part.things
            total.untracked |= part.untracked
        if self.modules.strangers:
            total.untracked.add(f"{self.modules.strangers[0]} was imported before the run began")
        return total

    # what is recorded

    def on_file(self, path: str, module: str = "") -> None:
        """A file matters to whoever runs now, and to `module`."""
        self._put("file", path, module)

    def on_module(self, name: str) -> None:
        for used in self._users(sys._getframe(1)):
            used.modules.add(name)
        for user in self._stack(sys._getframe(1)):
            if user != name and user in self.modules.edges:
                self.modules.edges[user].add(name)

    def _put(self, kind: str, name: str, module: str = "") -> None:
        if kind != "variable":
            if is_library(name) or name.startswith(self.made) or f"{os.sep}__pycache__" in name:
                return
            if name.startswith(("/dev/null", "/dev/urandom")) or name in self.written:
                return
            if name.startswith(("/proc/", "/sys/", "/dev/")):
                self._untracked(f"reads {name}")
                return
        thing = (kind, name)
        if thing not in self.values:
            with self._unseen():
                self.values[thing] = self.value(kind, name)
        for used in self._users(sys._getframe(1)):
            used.things.add(thing)
        if module:
            self.by_module.setdefault(module, Used()).things.add(thing)

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
        if kind == "file":
            return self.fingerprints.file(name)
        if kind == "folder":
            return self.fingerprints.folder(name)
        return variable(self.host_environ, name)

    def _untracked(self, reason: str) -> None:
        for used in self._users(sys._getframe(1)):
            used.untracked.add(reason)

    def _users(self, frame: FrameType | None) -> list[Used]:
        """The note, each of our modules on the stack, and the libraries if one is being imported."""
        found, inner = [self.note], True
        while frame is not None:
            name = frame.f_globals.get("__name__", "")
            if name in self.modules.edges:
                found.append(self.by_module.setdefault(name, Used()))
                inner = False
            elif inner and frame.f_code.co_name == "<module>" and is_library(frame.f_code.co_filename):
                found.append(self.library)
            frame = frame.f_back
        return found

    def _stack(self, frame: FrameType | None) -> set[str]:
        names = set()
        while frame is not None:
            names.add(frame.f_globals.get("__name__", ""))
            frame = frame.f_back
        return names

    # where it is seen

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._looks():
            return
        action = _EVENTS.get(event)
        if action is None:
            return
        with self._unseen():
            action(self, event, arguments)

    def _looks(self) -> bool:
        return self.active and not getattr(self.busy, "now", False)

    def _on_look(self, path: Any) -> None:
        self._put("file", _absolute(path))

    def _on_variable(self, name: str) -> None:
        if name not in SET_BY_RUNNER:
            self._put("variable", name)

    def _on_open(self, event: str, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments
        if isinstance(path, int) or _caller() in _LOADERS:
            return
        name = _absolute(path)
        writes = bool(flags & _WRITES) if isinstance(flags, int) else any(c in str(mode) for c in "wax+")
        if not writes:
            self._put("file", name)
            return
        if not (isinstance(flags, int) and flags & os.O_EXCL and name.startswith(self.temporary)):
            self._changes(name)
        if os.path.exists(name) and not (isinstance(flags, int) and flags & os.O_TRUNC):
            self._put("file", name)
        self.written.add(name)

    def _changes(self, name: str) -> None:
        own = name in self.written or name.startswith((*self.made, "/dev/null"))
        if not own and not is_library(name) and "__pycache__" not in name:
            self._untracked(f"writes {name}")

    def _make(self, folder: str) -> None:
        """Everything below `folder` is the note's own from now on."""
        with self._unseen():
            names = {os.path.abspath(folder) + os.sep, os.path.realpath(folder) + os.sep}
        if not names <= set(self.made):
            self.made += tuple(sorted(names))

    def _on_folder(self, event: str, arguments: tuple[Any, ...]) -> None:
        path = arguments[0]
        if not isinstance(path, int) and _caller() not in _LOADERS:
            self._put("folder", _absolute("." if path is None else path))

    def _on_change(self, event: str, arguments: tuple[Any, ...]) -> None:
        for path in arguments[:2]:
            if isinstance(path, str | bytes | os.PathLike) and _caller() not in _LOADERS:
                name = _absolute(path)
                if os.path.isdir(name) if event == "os.mkdir" else not os.path.lexists(name):
                    self._put("file", name)  # nothing will change: it only looks
                    continue
                if event == "os.mkdir" and name.startswith(self.temporary):
                    self._make(name)
                self._changes(name + os.sep if event == "os.mkdir" else name)

    def _on_start(self, event: str, arguments: tuple[Any, ...]) -> None:
        what = arguments[0] if arguments and isinstance(arguments[0], str) else event
        self._untracked(f"starts a process ({os.path.basename(what)})")

    def _on_talk(self, event: str, arguments: tuple[Any, ...]) -> None:
        self._untracked(f"uses the network ({event})")

    def _on_database(self, event: str, arguments: tuple[Any, ...]) -> None:
        if arguments[0] != ":memory:":
            self._untracked("opens a database")

    def _on_library(self, event: str, arguments: tuple[Any, ...]) -> None:
        name = arguments[0]
        if name is None:
            return  # the process itself
        path = os.fsdecode(name)
        if os.sep in path:
            self._put("file", _absolute(path))
        elif not _inside_library(sys._getframe(2)):
            self._untracked(f"loads the library {path}, whose place is not known")

    def _when_imported(self, name: str, functions: tuple[str, ...]) -> None:
        def wrap(module: ModuleType) -> None:
            self.wrapped.add(name)
            for function in functions:
                setattr(module, function, self._reader(getattr(module, function)))

        if name in sys.modules:
            wrap(sys.modules[name])
        else:
            after_import(name, wrap)

    def _reader(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def reader(*arguments: Any, **options: Any) -> Any:
            if self.active:
                for value in [*arguments, *options.values()]:
                    if isinstance(value, str | os.PathLike) and os.sep in os.fspath(value):
                        self._put("file", _absolute(value))
            return original(*arguments, **options)

        reader.__name__, reader.__doc__ = getattr(original, "__name__", "reader"), original.__doc__
        return reader


_EVENTS: dict[str, Callable[[Observer, str, tuple[Any, ...]], None]] = {
    "open": Observer._on_open,
    "os.listdir": Observer._on_folder,
    "os.scandir": Observer._on_folder,
    "ctypes.dlopen": Observer._on_library,
    "sqlite3.connect": Observer._on_database,
    **dict.fromkeys(_STARTS, Observer._on_start),
    **dict.fromkeys(_TALKS, Observer._on_talk),
    **dict.fromkeys(_CHANGES, Observer._on_change),
}


def _absolute(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))


def _caller() -> str:
    """The module whose code caused the audit event being handled."""
    return str(sys._getframe(3).f_globals.get("__name__", ""))


def _inside_library(frame: FrameType | None) -> bool:
    """True if the code that asks, `ctypes` passed over, is a library's."""
    while frame is not None and "ctypes" in str(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return frame is not None and is_library(frame.f_code.co_filename)
