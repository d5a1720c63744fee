"""Fingerprints of files and folders, by content; bytes are read again only when they may have changed.

The quick way is the file's signature (times, size, inode). It counts only if the file had been at rest for
two seconds when it was hashed: two writes within one tick of the file system's clock leave the same
signature, so a file hashed while young is hashed again. The change time is part of the signature, because
the modification time can be set back by anyone.
"""

import hashlib
import os
import stat
import time

ABSENT = "absent"
FOLDER = "folder"
_OURS = ("__pycache__", ".cache")
REST_NS = 2_000_000_000

Signature = list[int]


class Fingerprints:
    """What stands at each path now; `known` ({path: [signature, hash, hashed at]}) may come from an
    earlier process.

    Each path is looked at once per object unless `fresh`, so an object speaks of one moment.
    """

    def __init__(self, known: dict[str, list[object]] | None = None) -> None:
        self.known: dict[str, list[object]] = known if known is not None else {}
        self.seen: dict[str, str] = {}
        self.listed: dict[str, str] = {}
        self.used: set[str] = set()
        self.changed = False

    def file(self, path: str, *, fresh: bool = False) -> str:
        """Hash of a file's bytes, or ABSENT, FOLDER or a word for what cannot be read."""
        if fresh or path not in self.seen:
            self.seen[path] = self._file(path)
        return self.seen[path]

    def read(self, path: str) -> bytes:
        """The bytes of a file, which have then been looked at. Raises OSError."""
        status, now = os.stat(path), time.time_ns()
        with open(path, "rb", buffering=0) as file:
            data = file.read()
        self.seen[path] = found = _sha(data)
        if stat.S_ISREG(status.st_mode):
            self.used.add(path)
            self.known[path] = [signature_of(status), found, now]
            self.changed = True
        return data

    def thing(self, kind: str, path: str) -> str:
        """The value of a thing of the file system by its kind: see `used.Dependency`."""
        if kind == "file":
            return self.file(path)
        if kind == "folder":
            return self.folder(path)
        return {"link": link, "mode": mode, "status": status}[kind](path)

    def folder(self, path: str, *, fresh: bool = False) -> str:
        """Hash of the names in a folder and of what they are, or ABSENT."""
        if fresh or path not in self.listed:
            try:
                with os.scandir(path) as entries:
                    names = sorted(entry.name + _mark(entry) for entry in entries if entry.name not in _OURS)
                self.listed[path] = digest("\0".join(names))
            except OSError:
                self.listed[path] = ABSENT
        return self.listed[path]

    def forget(self) -> None:
        """Look at everything again from now on."""
        self.seen.clear()
        self.listed.clear()

    def settled(self, path: str, value: str) -> bool:
        """True if the file still has the value it had, and nobody has written to it since it was hashed."""
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return value == ABSENT
        if stat.S_ISREG(status.st_mode):
            entry = self.known.get(path)
            return entry is not None and entry[1] == value and entry[0] == signature_of(status)
        return value == self._file(path)

    def _file(self, path: str) -> str:
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return ABSENT
        if stat.S_ISDIR(status.st_mode):
            return FOLDER
        if not stat.S_ISREG(status.st_mode):
            return f"special {status.st_rdev}"
        self.used.add(path)
        signature = signature_of(status)
        entry = self.known.get(path)
        if entry and entry[0] == signature and _at_rest(entry[2], signature):
            return str(entry[1])
        now = time.time_ns()
        try:
            with open(path, "rb") as file:
                found = _sha(file.read())
        except OSError as error:
            return f"unreadable {error.errno}"
        self.known[path] = [signature, found, now]
        self.changed = True
        return found


def _mark(entry: os.DirEntry[str]) -> str:
    """What an entry is, told without looking at it."""
    return "/" if entry.is_dir(follow_symlinks=False) else "@" if entry.is_symlink() else ""


def link(path: str) -> str:
    """Where a symbolic link leads, "" if it is none."""
    try:
        return f"to {os.readlink(path)}"
    except (OSError, ValueError):
        return ""


def mode(path: str) -> str:
    """Who may do what with a file or folder, or ABSENT."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ABSENT
    return f"{found.st_mode} {found.st_uid} {found.st_gid}"


def status(path: str) -> str:
    """Mode, owner, time and number of a file, or ABSENT; of a folder also those of what is in it."""
    try:
        found = _status(os.stat(path))
        if not os.path.isdir(path):
            return found
        with os.scandir(path) as entries:
            rows = [
                f"{entry.name} {_status(entry.stat(follow_symlinks=False))}"
                for entry in entries
                if entry.name not in _OURS
            ]
    except (OSError, ValueError):
        return ABSENT
    return digest("\n".join([found, *sorted(rows)]))


def _status(found: os.stat_result) -> str:
    size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
    number = f"{found.st_dev} {found.st_ino}"
    return f"{found.st_mode} {found.st_uid} {found.st_gid} {found.st_mtime_ns} {size} {number}"


def signature_of(status: os.stat_result) -> Signature:
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev]


def _at_rest(hashed_at: object, signature: Signature) -> bool:
    return isinstance(hashed_at, int) and hashed_at - max(signature[:2]) > REST_NS


def libraries(path: str) -> str:
    """The signature of a file of a library: stamped, not read, for libraries are large and seldom edited."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ABSENT
    return f"{status.st_mtime_ns} {status.st_ctime_ns} {status.st_size} {status.st_ino}"


def digest(text: str) -> str:
    return _sha(text.encode("utf-8", "surrogateescape"))


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
