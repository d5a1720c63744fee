"""Which questions have another answer now than they had a moment ago."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cached_property
from operator import ne
from typing import Any

from vaultkit.note import Note
from vaultkit.site.live.log import ALL, FACTS, Key
from vaultkit.site.live.world import World
from vaultkit.site.paths import Language

# What can be asked of a note; of the scan the text decides.
ATTRIBUTES = sorted(
    {item.name for item in fields(Note)}
    | {name for name, value in vars(Note).items() if isinstance(value, property | cached_property)}
)
_TABLES = ("runs", "methods", "explains")


def changed_keys(before: World, after: World, language: Language) -> set[Key]:
    """The keys of all questions whose answer differs, those about files on disk left out."""
    keys: set[Key] = set(_all(before, after))
    old, new = before.sitemap.vault, after.sitemap.vault
    changed = [p for p in old.notes.keys() | new.notes.keys() if old.notes.get(p) is not new.notes.get(p)]
    for path in changed:
        keys |= set(_note(path, old.notes.get(path), new.notes.get(path)))
        keys |= set(_pair(path, before, after)) | set(_said(path, before, after))
    keys |= set(_names("notes", old.notes, new.notes)) | set(
        _names("templates", old.templates, new.templates)
    )
    for path in old.templates.keys() | new.templates.keys():
        if old.templates.get(path) is not new.templates.get(path):
            keys |= set(_note(path, old.templates.get(path), new.templates.get(path)))
    for name, were, are in (("files", old.files, new.files), ("hidden", old.hidden, new.hidden)):
        keys |= {(name,), *((name, path) for path in were ^ are)} if were != are else set()
    if old.files != new.files or old.hidden != new.hidden:
        for name in ("by_name", "by_path"):
            keys |= set(_table(name, getattr(old, name), getattr(new, name)))
    keys |= set(_table("by_alias", old.by_alias, new.by_alias))
    keys |= set(_table("pages", before.sitemap.pages, after.sitemap.pages))
    keys |= set(_table("pages of files", before.sitemap.files, after.sitemap.files))
    keys |= set(_table("canvases", before.sitemap.canvases, after.sitemap.canvases))
    keys |= set(_table("tags", before.sitemap.tags, after.sitemap.tags))
    keys |= {("tag root",)} if before.sitemap.tag_root != after.sitemap.tag_root else set()
    keys |= set(_table("dates", before.sitemap.dates, after.sitemap.dates))
    keys |= set(_table("verdicts", before.verdicts, after.verdicts))
    keys |= set(_table("backlinks", before.backlinks[language], after.backlinks[language]))
    keys |= set(_table("places", before.places, after.places))
    for name in _TABLES:
        keys |= set(_table(name, getattr(before.api, name), getattr(after.api, name)))
    return keys


def _all(before: World, after: World) -> Iterator[Key]:
    """What bases ask of all files; times and sizes they ask file by file. Nothing if none has asked yet."""
    if not before.asked():
        return
    old, new = before.index.entries, after.index.entries
    if old.keys() != new.keys():
        yield (ALL,)
        return
    for path, was in old.items():
        now = new[path]
        if now is was:
            continue
        yield from ((ALL, name) for name in FACTS if getattr(was, name) != getattr(now, name))
        old_values, new_values = was.properties, now.properties
        names = [
            key
            for key in old_values.keys() | new_values.keys()
            if key not in old_values or key not in new_values or differ(old_values[key], new_values[key])
        ]
        if list(old_values) != list(new_values):  # of names that differ in case only the first one counts
            names = [*old_values, *new_values]
        if names:
            yield ALL, "properties"
        yield from ((ALL, "properties", name.lower()) for name in names)


def differ(one: Any, other: Any) -> bool:
    """True of two values of YAML that are not the same to a reader: `1` and `true`, `1` and `1.0` are not."""
    return bool(one != other) or repr(one) != repr(other)


def _note(path: str, old: Note | None, new: Note | None) -> Iterator[Key]:
    """A note that has come or gone answers everything in another way."""
    for name in ATTRIBUTES:
        asked = "text" if name == "scan" else name
        unlike = differ if name == "properties" else ne
        if old is None or new is None or unlike(getattr(old, asked), getattr(new, asked)):
            yield "note", path, name


def _said(path: str, before: World, after: World) -> Iterator[Key]:
    """What a note says of itself, in which few edits change anything."""
    old, new = before.sitemap, after.sitemap
    both = path in old.vault.notes and path in new.vault.notes
    for name, was, now in (("claim", old.claim, new.claim), ("about", old.about, new.about)):
        if not both or was(path) != now(path):
            yield name, path


def _pair(path: str, before: World, after: World) -> Iterator[Key]:
    """The anchors of both notes of a page, as each has a part in the other's."""
    for other in {*before.pair(path), *after.pair(path)}:
        both = other in before.sitemap.vault.notes and other in after.sitemap.vault.notes
        if not both or before.anchors(other) != after.anchors(other):
            yield "anchors", other


def _names(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Key]:
    """Of a table whose entries log for themselves only what comes and goes."""
    if old.keys() != new.keys():
        yield (name,)
        yield from ((name, key) for key in old.keys() ^ new.keys())


def _table(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Key]:
    changed = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
    if changed or list(old) != list(new):
        yield (name,)
    yield from ((name, key) for key in changed)
