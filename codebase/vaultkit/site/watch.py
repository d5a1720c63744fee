"""Watch what the site depends on: by looking, several times a second, which works on every system, and as
soon as the system says that something in the vault was written.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from vaultkit.site.fingerprint import fingerprint
from vaultkit.site.paths import Layout

INTERVAL = 0.2
MOST = 100  # times: in some folders programs write all the time
REST = 0.02  # seconds without a further change after which a file is taken for written
_WRITES = frozenset({"created", "modified", "moved", "deleted"})  # reading is an event too


def watch(layout: Layout, seen: str, changed: Callable[[], None], stop: Event) -> None:
    """Call `changed` after each change since the fingerprint `seen`, once files are at rest, until `stop`."""
    with _bell(layout) as bell:
        while not stop.is_set():
            rung = bell.wait(INTERVAL)
            for _ in range(MOST):  # until nothing more is written
                if not bell.is_set():
                    break
                bell.clear()
                stop.wait(REST)
            now = fingerprint(layout)
            if now == seen:
                continue
            while not rung and not stop.wait(REST) and (after := fingerprint(layout)) != now:
                now = after
            seen = now
            if not stop.is_set():
                changed()


@contextmanager
def _bell(layout: Layout) -> Iterator[Event]:
    """An event that is set when something in the vault was written, if the system can tell."""
    bell = Event()
    observer = Observer()
    try:
        observer.schedule(_Ringer(bell), str(layout.vault), recursive=True)
        observer.start()
    except (OSError, RuntimeError):  # no more watches, or none on this file system: looking does
        yield bell
        return
    try:
        yield bell
    finally:
        observer.stop()
        observer.join()


class _Ringer(FileSystemEventHandler):
    def __init__(self, bell: Event) -> None:
        self._bell = bell

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in _WRITES:
            self._bell.set()
