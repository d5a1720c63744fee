"""Put a watcher before functions of Python that raise no audit event: `os.stat` and kin, `os.environ`."""

import os
from collections.abc import Callable, Iterator
from typing import Any

_STATS = ("stat", "lstat", "access", "readlink")


def wrap_stats(active: Callable[[], bool], see: Callable[[Any], None]) -> None:
    """From now on call `see(path)` before a path is asked after, while `active()`."""
    for name in _STATS:
        original = getattr(os, name)

        def look(path: Any, *rest: Any, _original: Callable[..., Any] = original, **options: Any) -> Any:
            if active() and isinstance(path, str | bytes | os.PathLike) and options.get("dir_fd") is None:
                see(path)
            return _original(path, *rest, **options)

        look.__name__ = name
        for known in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
            if original in known:
                known.add(look)
        setattr(os, name, look)


def wrap_environ(active: Callable[[], bool], see: Callable[[str], None]) -> None:
    """From now on call `see(name)` before a variable is read, `see("*")` before all are, while `active()`."""
    kind: Any = type(os.environ)
    get, iterate = kind.__getitem__, kind.__iter__

    def read(mapping: Any, key: Any) -> Any:
        if active():
            see(os.fsdecode(key))
        return get(mapping, key)

    def walk(mapping: Any) -> Iterator[Any]:
        if active():
            see("*")
        return iterate(mapping)  # type: ignore[no-any-return]

    kind.__getitem__, kind.__iter__ = read, walk
