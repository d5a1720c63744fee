"""The files of a vault: which there are and which are notes, without reading any."""

import json
import os
import unicodedata
from collections.abc import Iterator

NOTEBOOK = ".ipynb"
NOTE_ENDINGS = (".md", NOTEBOOK)  # a notebook is read as a note too

LINKS = NOWHERE, OUT, FOLDER, NO_FILE = (
    "leads nowhere: not read",
    "leads out of the vault: not followed",
    "leads to a folder: not entered",
    "leads to no file: not read",
)
UNLISTED = "cannot be listed"


def is_notebook(path: str) -> bool:
    return path.lower().endswith(NOTEBOOK)


def walk(root: str, trouble: list[tuple[str, str]] | None = None) -> Iterator[tuple[str, str]]:
    """(vault path, real path) of each file, as Obsidian lists them: names with a leading dot are hidden.

    A symbolic link counts if it leads to a file inside the vault; linked folders are not entered, so there
    are no loops and no way out. `trouble` receives (vault path, what is wrong) of what is passed over; of a
    link the words are one of LINKS.
    """
    inside = os.path.realpath(root) + os.sep
    waiting = [(os.fspath(root), "")]
    while waiting:
        folder, part = waiting.pop()
        try:
            with os.scandir(folder) as scanned:
                entries = list(scanned)
        except OSError as error:
            if trouble is not None:
                trouble.append((clean(part) or folder, f"{UNLISTED}: {error.strerror or error}"))
            continue
        for entry in entries:
            name = entry.name
            if name[0] == ".":
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{part}{name}/"))
                if trouble is not None and name.lower().endswith(".md"):
                    trouble.append((clean(part + name), "is a folder with the name of a note"))
            elif entry.is_symlink():
                if _stays(entry.path, inside):
                    yield clean(part + name), entry.path
                elif trouble is not None:
                    trouble.append((clean(part + name), _led(entry.path, inside)))
            elif entry.is_file(follow_symlinks=False):
                yield clean(part + name), entry.path


def note_files(root: str, trouble: list[tuple[str, str]] | None = None) -> list[tuple[str, str]]:
    """(vault path, file) of each note by path; templates are no notes. `trouble` as in `walk`."""
    templates = templates_folder(root)
    return sorted(
        (path, file)
        for path, file in walk(root, trouble)
        if path.lower().endswith(NOTE_ENDINGS) and not (templates and path.startswith(templates))
    )


def templates_folder(root: str) -> str:
    """`folder/` of the core plugin Templates: its files hold `{{date}}` and are no notes. "" if not set."""
    try:
        with open(os.path.join(root, ".obsidian", "templates.json"), encoding="utf-8") as file:
            settings = json.load(file)
    except (OSError, ValueError, RecursionError):
        return ""
    folder = settings.get("folder") if isinstance(settings, dict) else None
    return folder.strip("/") + "/" if isinstance(folder, str) and folder.strip("/") else ""


def clean(path: str) -> str:
    """A path as notes write it: composed Unicode, and no bytes that are none."""
    if path.isascii():
        return path
    return unicodedata.normalize("NFC", path).encode("utf-8", "replace").decode("utf-8")


def _led(link: str, inside: str) -> str:
    """Why a symbolic link is passed over."""
    if not os.path.exists(link):
        return NOWHERE
    if not (os.path.realpath(link) + os.sep).startswith(inside):
        return OUT
    return FOLDER if os.path.isdir(link) else NO_FILE


def _stays(link: str, inside: str) -> bool:
    return os.path.isfile(link) and os.path.realpath(link).startswith(inside)
