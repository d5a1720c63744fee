"""What a note uses while it runs: files, folders, modules, environment variables, and what nobody can track.

Seen are Python's audit events (every `open`, `listdir`, `scandir`, process, socket, library), `os.stat` and
its kin (a file looked for counts, found or not; so do its mode, its times and where a link leads, for who
asks), reads of `os.environ`, imports (see `modules`), functions of libraries known to open files by
themselves, and on Linux whatever else opens a file of the vault, of the engine or below the import path (see
`opened`). Each is put down to the note and to all our modules on the call stack: what a module has read once
and remembers is a dependency of every later note that imports it. What a library reads while it is first
imported counts for all notes of the process. The calendar, unseeded randomness and how full or busy the
machine is cannot be tracked: a note that uses them always runs.

Not seen: files elsewhere that native code opens by itself (on other systems than Linux, anywhere), file
systems that lie about times, randomness and clocks that native code asks by itself (`random.Random()`),
stop-watches (`perf_counter`), addresses, hash seeds, and what a note changes deep inside objects of our
modules (see `untouched`). `--no-cache` runs a note all the same.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType, ModuleType
from typing import Any

from vaultkit import where
from vaultkit.run.execute import MODULE
from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.imports import after_import
from vaultkit.run.opened import Opened
from vaultkit.run.patches import wrap_environ, wrap_stats
from vaultkit.run.recorder import Recorder
from vaultkit.run.results import ENGINE
from vaultkit.run.stamps import SET_BY_RUNNER, is_library, variable
from vaultkit.run.untracked import CALENDAR, MACHINE, RANDOMNESS, wrap_clock, wrap_machine, wrap_randomness
from vaultkit.run.used import Used
from vaultkit.run.workplace import temporary_folder

_STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty")
_TALKS = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")
_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
# They open files where Python does not see it: True for those that write.
_NATIVE = {
    "mlx.core": {
        **dict.fromkeys(("load", "import_function"), False),
        **dict.fromkeys(("save", "savez", "savez_compressed", "save_gguf", "save_safetensors"), True),
        **dict.fromkeys(("export_function", "exporter", "export_to_dot"), True),
    }
}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_MORE = ("getmtime", "getatime", "getctime", "samefile", "owner", "group", "is_mount")
_LOADERS = frozenset(
    {
        "importlib._bootstrap",
        "importlib._bootstrap_external",
        "_frozen_importlib",
        "_frozen_importlib_external",
    }
)


class Observer(Recorder):
    """Watches this process while notes run; there is one per process, as an audit hook stays for good."""

    def __init__(self, fingerprints: Fingerprints, folders: tuple[str, ...] = ()) -> None:
        super().__init__(fingerprints)
        self.temporary = tuple(f(temporary_folder()) + os.sep for f in (os.path.abspath, os.path.realpath))
        self.wrapped: set[str] = set()
        self.names: dict[str, set[str]] = {}  # of the notes' own folders, with links and without
        self.opened = Opened(folders)
        sys.addaudithook(self._hook())
        wrap_stats(self._looks, self._on_look)
        wrap_environ(self._looks, self._on_variable)
        wrap_clock(self._looks, self._on_clock)
        wrap_randomness(self._looks, self._on_randomness)
        wrap_machine(self._looks, lambda: self._untracked(MACHINE))

    def begin(self) -> None:
        """A new note starts."""
        self.note = Used()
        self.written = set()
        self.made = ()
        self.modules.put_away()
        self.opened.read()  # what others have opened meanwhile

    @contextmanager
    def watching(self, folders: tuple[str, ...]) -> Iterator[None]:
        """Record what happens in the body; files below `folders` are the note's own."""
        for folder in folders:
            self._make(folder)
        for name, functions in _NATIVE.items():
            if name not in self.wrapped:
                self._when_imported(name, functions)
        self.active = True
        try:
            yield
        finally:
            self.active = False
            self._on_opened()

    # where it is seen

    def _hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        known = _EVENTS

        def hook(event: str, arguments: tuple[Any, ...]) -> None:  # called very often, mostly for nothing
            if event in known and self._looks():
                with self._unseen():
                    known[event](self, event, arguments)

        return hook

    def _looks(self) -> bool:
        return self.active and not getattr(self.busy, "now", False)

    def _on_look(self, function: str, path: Any) -> None:
        name = _absolute(path)
        self._put("file", name)
        if function in ("lstat", "readlink"):
            self._put("link", name)
        elif function == "access":
            self._put("mode", name)
        elif _asks_for_more(sys._getframe(2)):
            self._put("status", name)

    def _on_variable(self, name: str) -> None:
        if name in SET_BY_RUNNER:
            return
        with self._unseen():
            changed = variable(os.environ, name) != variable(self.host_environ, name)
        if changed:
            self.modules.tainted |= self._stack(sys._getframe(1))  # a module has read what a note has set
        self._put("variable", name)

    def _on_clock(self) -> None:
        frame = sys._getframe(2)  # whoever asks `time`; libraries ask for purposes of their own
        name = frame.f_globals.get("__name__", "")
        own = name in self.modules.edges or not is_library(frame.f_code.co_filename)
        if own and not name.startswith("vaultkit."):
            self._untracked(CALENDAR)

    def _on_randomness(self) -> None:
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            name = frame.f_globals.get("__name__", "")
            if name == MODULE or name in self.modules.edges:
                break
            if frame.f_code.co_name == "<module>" or name.startswith("vaultkit."):
                return  # a library at its import, or the runner
            frame = frame.f_back
        self._untracked(RANDOMNESS)

    def _on_opened(self) -> None:
        """What native code has opened counts for the note and all our modules that are loaded."""
        paths = [path for path in self.opened.read() if ("file", path) not in self.values]
        if self.opened.overflowed:
            self._untracked("opens more files than can be watched")
        if paths:
            loaded = [name for name in self.modules.edges if name in sys.modules]
            users = [self.note, *(self.by_module.setdefault(name, Used()) for name in loaded)]
            for path in paths:
                self._put("file", path, users)

    def _on_open(self, event: str, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments
        if isinstance(path, int):
            return
        name = _absolute(path)
        if _caller() in _LOADERS and not name.endswith(".pyc"):
            return  # told by the finder, or when the source is compiled
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
        own = name in self.written or (name + os.sep).startswith((*self.made, "/dev/null/"))
        if not own and not is_library(name) and "__pycache__" not in name:
            self._untracked(f"writes {name}")

    def _make(self, folder: str) -> None:
        """Everything below `folder` is the note's own from now on."""
        if folder + os.sep in self.made:
            return
        if folder not in self.names:
            with self._unseen():
                self.names[folder] = {os.path.abspath(folder) + os.sep, os.path.realpath(folder) + os.sep}
        if not self.names[folder] <= set(self.made):
            self.made += tuple(sorted(self.names[folder]))

    def _on_folder(self, event: str, arguments: tuple[Any, ...]) -> None:
        path = arguments[0]
        if not isinstance(path, int) and _caller() not in _LOADERS:
            name = _absolute("." if path is None else path)
            self._put("folder", name)
            if event == "os.scandir" and _is_own(sys._getframe(2).f_code):
                self._put("status", name)  # the entries tell of their files

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

    def _on_extension(self, event: str, arguments: tuple[Any, ...]) -> None:
        if len(arguments) > 1 and isinstance(arguments[1], str):
            self._put("file", _absolute(arguments[1]))  # an extension, by whatever loader

    def _when_imported(self, name: str, functions: dict[str, bool]) -> None:
        def wrap(module: ModuleType) -> None:
            self.wrapped.add(name)
            for function, writes in functions.items():
                if hasattr(module, function):
                    setattr(module, function, self._native(getattr(module, function), writes))

        if name in sys.modules:
            wrap(sys.modules[name])
        else:
            after_import(name, wrap)

    def _native(self, original: Callable[..., Any], writes: bool) -> Callable[..., Any]:
        def native(*arguments: Any, **options: Any) -> Any:
            path = arguments[0] if arguments else options.get("file")
            if self._looks() and isinstance(path, str | os.PathLike):
                with self._unseen():
                    (self._changes if writes else self._reads)(_absolute(path))
            return original(*arguments, **options)

        native.__name__, native.__doc__ = getattr(original, "__name__", "native"), original.__doc__
        return native

    def _reads(self, name: str) -> None:
        self._put("file", name)


_EVENTS: dict[str, Callable[[Observer, str, tuple[Any, ...]], None]] = {
    "open": Observer._on_open,
    "import": Observer._on_extension,
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


def _asks_for_more(frame: FrameType) -> bool:
    """True if the caller of `os.stat` may look at modes or times; libraries mostly ask if a file is there."""
    code, name = frame.f_code, str(frame.f_globals.get("__name__", ""))
    if name.startswith("pathlib") and code.co_name == "stat" and frame.f_back is not None:
        code, name = frame.f_back.f_code, str(frame.f_back.f_globals.get("__name__", ""))
    return code.co_name in _MORE if name.startswith(("genericpath", "pathlib")) else _is_own(code)


def _is_own(code: CodeType) -> bool:
    """True if code is no library's, nor ours."""
    return not code.co_filename.startswith(("<frozen ", _OURS)) and not is_library(code.co_filename)


def _inside_library(frame: FrameType | None) -> bool:
    """True if the code that asks, `ctypes` passed over, is a library's."""
    while frame is not None and "ctypes" in str(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return frame is not None and is_library(frame.f_code.co_filename)


def watched_folders(root: str) -> tuple[str, ...]:
    """Where notes of the vault `root` may have their data: the vault, the engine and the import path."""
    project = where.project_of(root)
    engine = [os.path.join(project, folder) for folder in ENGINE]
    return (root, *engine, *(entry for entry in sys.path if entry and not is_library(entry)))
