"""Files that were opened without Python seeing it: by extensions and the libraries below them. Linux only.

The kernel tells (inotify) of each file opened in the folders that are watched, by whatever process. What
Python saw is known already; what is left was opened by native code, or by somebody else at the same time:
then a note depends on a file too many, and at worst runs once too often. The finished site is passed over:
a run brings a badge, the badge another page, and who has that page open while the note runs would make the
note depend on what its own badge changes.
"""

import ctypes
import os
import struct
import sys

_IN_OPEN, _IN_OVERFLOW, _IN_FOLDER = 0x20, 0x4000, 0x40000000
_EVENT = struct.Struct("iIII")
_PASSED_OVER = frozenset({"__pycache__", "node_modules", "build"})
_OURS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # no note has its data among our sources
_NEVER_NATIVE = (".md", ".py", ".pyc", ".part", ".cache")  # Python reads these, or somebody else does
MOST_FOLDERS = 1000


class Opened:
    """What was opened below some folders since the last `read`."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self.folders: dict[int, str] = {}
        self.handle = -1
        self.overflowed = False
        if not sys.platform.startswith("linux") or not folders:
            return
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            self.handle = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            add = libc.inotify_add_watch
        except (OSError, AttributeError):
            return
        if self.handle >= 0:
            for folder in _below(folders):
                watch = add(self.handle, os.fsencode(folder), _IN_OPEN)
                if watch >= 0:
                    self.folders[watch] = folder

    def read(self) -> list[str]:
        """Paths that were opened, without those of which it is known who reads them."""
        found: dict[str, None] = {}
        while self.folders:
            try:
                data = os.read(self.handle, 65536)
            except OSError:  # nothing more
                break
            at = 0
            while at < len(data):
                watch, mask, _cookie, length = _EVENT.unpack_from(data, at)
                at += _EVENT.size + length
                self.overflowed |= bool(mask & _IN_OVERFLOW)
                name = os.fsdecode(data[at - length : at].rstrip(b"\0"))
                if name and not mask & _IN_FOLDER and not name.endswith(_NEVER_NATIVE) and name[0] != ".":
                    found[os.path.join(self.folders.get(watch, ""), name)] = None
        return list(found)


def _below(folders: tuple[str, ...]) -> list[str]:
    """All folders that are to be watched, the nearest to the top first if there are too many."""
    found = list(dict.fromkeys(os.path.realpath(folder) for folder in folders if os.path.isdir(folder)))
    known = {*found, _OURS}
    for folder in found:
        if len(found) >= MOST_FOLDERS:
            break
        try:
            entries = [e for e in os.scandir(folder) if e.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        names = (e for e in entries if e.name[0] != "." and e.name not in _PASSED_OVER)
        fresh = [e.path for e in names if e.path not in known and not _is_site(e.path)]
        found += fresh
        known.update(fresh)
    return found[:MOST_FOLDERS]


def _is_site(folder: str) -> bool:
    """True for the site that is made of a project (`vaultkit.site.paths`), which is data for nobody."""
    above, name = os.path.split(folder)
    return name == "site" and os.path.isfile(os.path.join(above, "mkdocs.yml"))
