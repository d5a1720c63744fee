"""Properties that the header does not show: a compact table below it, or the raw text of those that fail."""

from vaultkit.bases.values import is_empty
from vaultkit.canvas.draw import entities
from vaultkit.check.properties import TYPES, is_house
from vaultkit.frontmatter import value_of
from vaultkit.note import Note
from vaultkit.site.cells import cell
from vaultkit.site.context import Context
from vaultkit.site.ui import STRINGS, say

# What the header or the foot of any page shows already, if its value has the right form.
_SHOWN = {"tags": (list, str), "hours": (int, float, str), "reviewed": object, "prerequisites": list,
          "sources": list}  # fmt: skip
_KNOWN = frozenset({"kind", "status", "area"})  # of some values the site knows a word in both languages
_QUIET = frozenset({"cssclasses", "lang", "source_hash"})


def properties(context: Context) -> list[str]:
    """Lines of HTML; [] when there is nothing to add."""
    note = context.vault.notes[context.page.note(context.language)]
    if raw := _unreadable(note):
        message = say(context.language, "properties_invalid")
        return [f'<div class="k-fault"><p>{message}</p><pre><code>{raw}</code></pre></div>', ""]
    canonical = context.vault.notes[context.page.note("en")]
    house = is_house(context.vault)
    own = canonical.properties
    keys = [key for key in own if not (key.lower() in TYPES if house else _has_place(key, own[key]))]
    rows = ""
    for key in keys:
        value = context.sitemap.typed(canonical.path, key)
        word = f"{key.lower()}_{value}" if key.lower() in _KNOWN else ""
        if key.lower() in _QUIET or is_empty(value) or (key.lower() == "kind" and word in STRINGS):
            continue  # the header names a kind that it knows, where the folder does not
        name = f"property_{key.lower()}"
        shown = say(context.language, name) if name in STRINGS else key
        said = entities(say(context.language, word)) if word in STRINGS else cell(context, value)
        rows += f'<tr><th scope="row">{entities(shown)}</th><td>{said}</td></tr>'
    if not rows:
        return []
    title = say(context.language, "properties")
    table = f'<table class="k-properties" aria-label="{title}"><tbody>{rows}</tbody></table>'
    return [f'<div class="k-properties-box" data-unsearched>{table}</div>', ""]


def css_classes(note: Note) -> list[str]:
    """The note's `cssclasses`, those that are class names."""
    value = value_of(note.properties, "cssclasses")
    names = value if isinstance(value, list) else str(value or "").split()
    return [str(name) for name in names if str(name).replace("-", "").replace("_", "").isalnum()][:20]


def _has_place(key: str, value: object) -> bool:
    """True if the header shows this property of a note that is none of Kvist's."""
    kinds = _SHOWN.get(key.lower())
    return isinstance(kinds, (type, tuple)) and isinstance(value, kinds)


def _unreadable(note: Note) -> str:
    """The front matter as it stands in the file if it could not be read, escaped; else ""."""
    if note.properties or not note.scan.front_end:
        return ""
    if not any(problem.code == "front-matter" for problem in note.problems):
        return ""
    lines = note.scan.lines[1 : note.scan.front_end - 1]
    return "&#10;".join(entities(line) for line in lines)
