"""What bases can ask of a vault's files: names, sizes, times, tags, links, properties, backlinks."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from vaultkit import mdlink, wikilink
from vaultkit.bases.values import Link, Moment, Tag, moment_of, of_yaml
from vaultkit.links import Link as NoteLink
from vaultkit.note import Note
from vaultkit.resolve import resolve
from vaultkit.vault import Vault

_DATES = ("date", "datetime")


class Record(dict[str, Any]):
    """Properties of a note; their names are compared without regard to case."""

    def find(self, name: str) -> Any:
        if name in self:
            return self[name]
        wanted = name.lower()
        return next((value for key, value in self.items() if key.lower() == wanted), None)

    def has(self, name: str) -> bool:
        wanted = name.lower()
        return any(key.lower() == wanted for key in self)


@dataclass
class Entry:
    """One file. `note` is None for what is no note."""

    path: str
    note: Note | None = None
    properties: Record = field(default_factory=Record)
    tags: list[Any] = field(default_factory=list)
    links: list[Any] = field(default_factory=list)
    embeds: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def basename(self) -> str:
        return self.name.rpartition(".")[0] or self.name

    @property
    def ext(self) -> str:
        return PurePosixPath(self.path).suffix.removeprefix(".")

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass
class Index:
    """The files of a vault as bases see them; read once, asked often."""

    vault: Vault
    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, vault: Vault) -> "Index":
        index = cls(vault)
        for path in sorted(vault.files):
            index.entries[path] = index.entry(path)
        return index

    def entry(self, path: str) -> Entry:
        """One file, as it is read for `entries`."""
        note = self.vault.note(path)
        if note is None:
            return Entry(path)
        values = {key: self.typed(key, value, path) for key, value in note.properties.items()}
        links: list[Link] = []
        embeds: list[Link] = []
        for link in note.links:
            (embeds if link.kind == "embed" else links).append(self._link(link, path))
        tags: list[Any] = [Tag(f"#{tag}") for tag in note.tags]
        return Entry(path, note, Record(values), tags, links, embeds)

    def _link(self, link: NoteLink, source: str) -> Link:
        return Link(link.target or source, link.display, resolve(self.vault, link.target, source).path)

    def typed(self, key: str, value: Any, source: str) -> Any:
        """A property as its type says (.obsidian/types.json), else as its value looks."""
        kind = self.types.get(key.lower(), "")
        if kind in ("text", "multitext", "tags", "aliases") and isinstance(of_yaml(value), Moment):
            return str(value)
        return self.value(of_yaml(value), source, dates=kind in ("", *_DATES))

    def value(self, value: Any, source: str, *, dates: bool = True) -> Any:
        """Texts that are links made links, texts that are dates made dates."""
        if isinstance(value, list):
            return [self.value(item, source, dates=dates) for item in value]
        if not isinstance(value, str):
            return value
        text = value.strip()
        if text.startswith("[[") and text.endswith("]]") and "]]" not in text[2:-2]:
            return self.link(text, source)
        if text.startswith("[") and (link := self._markdown_link(text, source)):
            return link
        return (moment_of(text) if dates else None) or value

    def _markdown_link(self, text: str, source: str) -> Link | None:
        """The link that a text is as a whole: `[shown](Note.md)`, `[shown](https://…)`."""
        found = next((link for link in mdlink.find(text) if link.raw == text and not link.embed), None)
        if found is None or not found.destination:
            return None
        if mdlink.is_external(found.destination):
            return Link(found.destination, found.display)
        target, _ = mdlink.split_destination(found.destination)
        return Link(target, found.display, resolve(self.vault, target, source).path)

    def link(self, text: str, source: str, display: str = "") -> Link:
        """The link that `[[target|display]]`, or a bare target, is in this file."""
        inner = text.strip()
        if inner.startswith("[[") and inner.endswith("]]"):
            inner = inner[2:-2]
        parsed = wikilink.parse(inner)
        path = resolve(self.vault, parsed.target, source).path if parsed.target else None
        return Link(inner.split("|")[0].strip(), display or parsed.display, path)

    @cached_property
    def types(self) -> dict[str, str]:
        """Type by property, lower-cased, as .obsidian/types.json declares it."""
        try:
            loaded = json.loads((self.vault.root / ".obsidian" / "types.json").read_text("utf-8"))["types"]
            return {str(key).lower(): str(kind) for key, kind in loaded.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}

    @cached_property
    def backlinks(self) -> dict[str, list[str]]:
        """Paths of the files that link or embed each file."""
        found: dict[str, list[str]] = {}
        for path, entry in self.entries.items():
            for target in dict.fromkeys(link.path for link in (*entry.links, *entry.embeds) if link.path):
                found.setdefault(target, []).append(path)
        return found

    def stat(self, path: str) -> tuple[int, Moment, Moment]:
        """Size in bytes, times of creation and of change; zeros for a file that has gone."""
        try:
            stat = self.vault.on_disk(path).stat()
        except OSError:
            return 0, Moment(datetime(1970, 1, 1)), Moment(datetime(1970, 1, 1))
        made = min(getattr(stat, "st_birthtime", stat.st_ctime), stat.st_mtime)
        times = [Moment(datetime.fromtimestamp(int(time))) for time in (made, stat.st_mtime)]
        return stat.st_size, times[0], times[1]
