"""Put a watcher before functions of Python that raise no audit event: `os.stat` and kin, `os.environ`."""

import os
from collections.abc import Callable, Iterator
from typing import Any

_STATS = ("stat", "lstat", "access", "readlink")


def wrap_stats(active: Callable[[], bool], see: Callable[[str, Any], None]) -> None:
    """From now on call `see(function, path)` before a path is asked after, while `active()`."""
    readlink = os.readlink

    def placed(path: Any, folder: int) -> Any:
        """A path below an open folder, as far as the system tells."""
        try:
            return os.path.join(readlink(f"/proc/self/fd/{folder}"), os.fsdecode(path))
        except (OSError, ValueError):
            return path

    for name in _STATS:
        original = getattr(os, name)

        def look(
            path: Any, *rest: Any, _original: Callable[..., Any] = original, _name: str = name, **options: Any
        ) -> Any:
            if active() and isinstance(path, str | bytes | os.PathLike):
                folder = options.get("dir_fd")
                plain = options.get("follow_symlinks", True)
                see(_name if plain else "lstat", path if folder is None else placed(path, folder))
            return _original(path, *rest, **options)

        look.__name__ = name
        for known in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
            if original in known:
                known.add(look)
        setattr(os, name, look)


def wrap_environ(active: Callable[[], bool], see: Callable[[str], None]) -> None:
    """From now on call `see(name)` before a variable is read, `see("*")` before all are, while `active()`."""
    kind: Any = type(os.environ)
    get, iterate, length = kind.__getitem__, kind.__iter__, kind.__len__

    def read(mapping: Any, key: Any) -> Any:
        if active():
            see(os.fsdecode(key))
        return get(mapping, key)

    def walk(mapping: Any) -> Iterator[Any]:
        if active():
            see("*")
        return iterate(mapping)  # type: ignore[no-any-return]

    def count(mapping: Any) -> int:
        if active():
            see("*")
        return int(length(mapping))

    kind.__getitem__, kind.__iter__, kind.__len__ = read, walk, count
