"""Properties: known names, right types, allowed values (DESIGN: what a note is)."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from difflib import get_close_matches
from typing import Any

from vaultkit.errors import Problem
from vaultkit.frontmatter import key_line
from vaultkit.note import Note
from vaultkit.vault import Vault

# Obsidian's type of each property that a Kvist note may have.
TYPES: dict[str, str] = {
    "aliases": "list",
    "tags": "list",
    "cssclasses": "list",
    "title": "text",
    "lang": "text",
    "kind": "text",
    "tier": "number",
    "area": "text",
    "prerequisites": "list",
    "mastery": "text",
    "status": "text",
    "hours": "number",
    "created": "date",
    "reviewed": "date",
    "sources": "list",
    "source_hash": "text",
    "exercise": "text",
    "list": "text",
    "date": "date",
    "updated": "date",
    "description": "text",
    "publish": "checkbox",
    "draft": "checkbox",
}
ZH_ONLY = ("title", "lang", "source_hash")
_ZH_ALSO = ("updated", "description", "publish", "draft")  # where the translation differs
_KINDS = "concept model paper comparison debugging reading-list lab home planned-notes session tracker review"
VALUES: dict[str, tuple[str, ...]] = {
    "kind": tuple(_KINDS.split()),
    "mastery": ("none", "learning", "implementing", "competent", "mastery"),
    "status": ("stub", "draft", "written"),
    "lang": ("en", "zh"),
}

_HOUSE = {"kind", "mastery", "prerequisites"}  # declared in types.json: the vault follows Kvist's properties


def is_house(vault: Vault) -> bool:
    """True for a Kvist vault: its types.json declares the properties `kind`, `mastery`, `prerequisites`."""
    return declared(vault) >= _HOUSE


def check_properties(vault: Vault) -> Iterator[Problem]:
    for note in vault.notes.values():
        for key, value in note.properties.items():
            problem = _check(note, key, value)
            if problem:
                yield problem
        if note.lang == "zh":
            yield from _zh(note)


def declared(vault: Vault) -> set[str]:
    """Names of the properties whose types the vault declares in .obsidian/types.json."""
    try:
        loaded = json.loads((vault.root / ".obsidian" / "types.json").read_text("utf-8"))
        return set(loaded["types"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()


def _check(note: Note, key: str, value: Any) -> Problem | None:
    line = key_line(note.scan, key)
    if key not in TYPES:
        close = get_close_matches(key, TYPES, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"known are: {', '.join(TYPES)}"
        return Problem(note.path, line, "property-unknown", f"unknown property `{key}`", hint)
    if value is None:
        return None
    fits, need = _FITS[TYPES[key]]
    if not fits(value):
        got = type(value).__name__
        hint = 'quote links: "[[Note]]"' if "[[" in note.scan.lines[line - 1] else ""
        return Problem(note.path, line, "property-type", f"`{key}` needs {need}, got {got}", hint)
    if key == "prerequisites" and not all(_is_link(item) for item in value):
        message = "`prerequisites` needs quoted links"
        return Problem(note.path, line, "property-type", message, 'write ["[[KV cache]]"]')
    if key in VALUES and value not in VALUES[key]:
        message = f"`{key}: {value}` is not one of {', '.join(VALUES[key])}"
        return Problem(note.path, line, "property-value", message)
    return None


def _zh(note: Note) -> Iterator[Problem]:
    for key in note.properties:
        if key not in (*ZH_ONLY, *_ZH_ALSO) and key in TYPES:
            hint = "a Chinese note has only `title`, `lang` and `source_hash`; the English one has the rest"
            message = f"property `{key}` in a Chinese note"
            yield Problem(note.path, key_line(note.scan, key), "property-language", message, hint)
    if note.properties.get("lang") != "zh" or not str(note.properties.get("title") or "").strip():
        hint = "begin with --- / title: 中文标题 / lang: zh / ---"
        yield Problem(note.path, 1, "property-language", "a Chinese note needs `title` and `lang: zh`", hint)


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and value.strip().startswith("[[") and value.strip().endswith("]]")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value)


_FITS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "list": (_is_list, "a list of texts"),
    "text": (lambda value: isinstance(value, str), "a text"),
    "number": (_is_number, "a number"),
    "checkbox": (lambda value: isinstance(value, bool), "true or false"),
    "date": (lambda value: isinstance(value, date), "a date such as 2026-11-22"),
}
