"""Watch what the site depends on: by looking, several times a second, which works on every system."""

from collections.abc import Callable
from threading import Event

from vaultkit.site.fingerprint import fingerprint
from vaultkit.site.paths import Layout

INTERVAL = 0.2
REST = 0.05  # seconds without a further change after which a file is taken for written


def watch(layout: Layout, seen: str, changed: Callable[[], None], stop: Event) -> None:
    """Call `changed` after each change since the fingerprint `seen`, once files are at rest, until `stop`."""
    while not stop.wait(INTERVAL):
        now = fingerprint(layout)
        if now == seen:
            continue
        while not stop.wait(REST) and (after := fingerprint(layout)) != now:
            now = after
        seen = now
        changed()
