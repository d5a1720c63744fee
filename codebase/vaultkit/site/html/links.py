"""MkDocs' links between pages, resolved once for all pages of a folder."""

import re
from posixpath import dirname
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import _RelativePathTreeprocessor

_PLAIN = re.compile(r"([^:?#%/\\\s\x02][^:?#%\\\s\x02]*)(?:#([^\s\x02]+))?")  # no scheme, no query, no escape


class Links(_RelativePathTreeprocessor):
    """The tree processor of MkDocs, of one page after the other: `begin` says of which."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self._known: dict[tuple[str, bool, str], tuple[File, str]] = {}

    def begin(self, file: File, files: Files) -> None:
        if files is not getattr(self, "files", None):
            self._known.clear()
        self.file, self.files = file, files
        self._folder = (dirname(file.src_uri), file.name == "index")
        self.links_to_anchors: dict[File, dict[str, str]] = {}

    def path_to_url(self, url: str) -> str:
        found = _PLAIN.fullmatch(url)
        known = self._look_up(found[1]) if found else None
        if found is None or known is None:  # whatever may need a warning
            return str(super().path_to_url(url))
        target, address = known
        if anchor := found[2]:
            self.links_to_anchors.setdefault(target, {}).setdefault(anchor, url)
            return f"{address}#{anchor}"
        return address

    def _look_up(self, path: str) -> tuple[File, str] | None:
        """The file that a path leads to and its address; None where all pages of a folder are not alike."""
        key = (*self._folder, path)
        known = self._known.get(key)
        if known is None:
            target = self.files.get_file_from_path(self._target_uri(self.file.src_uri, path))
            if target is None or not target.inclusion.is_included() or self._own(target):
                return None
            known = self._known[key] = (target, str(super().path_to_url(path)))
        return None if self._own(known[0]) else known

    def _own(self, target: File) -> bool:
        """True for the page itself and what lies below it, to which other pages have another way."""
        return bool(target.url.startswith(self.file.url))
