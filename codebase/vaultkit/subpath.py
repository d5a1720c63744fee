"""Where `#heading`, `#heading#sub`, `#^block` and `#[^footnote]` of a link point."""

from vaultkit.note import Note
from vaultkit.outline import Heading, strip_heading


def resolve_subpath(note: Note, subpath: str) -> Heading | int | None:
    """The heading, or the line (1-based) of the block id or footnote, that `subpath` (no leading `#`) names.

    Headings are walked in order; each part must match a strictly deeper heading than the part before; the
    first match wins.
    """
    subpath = subpath.strip().lstrip("#")
    if subpath.startswith("[^") and subpath.endswith("]"):
        return _footnote(note, subpath)
    if subpath.startswith("^"):
        wanted = subpath[1:].lower()
        return next((line for name, line in note.blocks.items() if name.lower() == wanted), None)
    parts = [stripped for part in subpath.split("#") if (stripped := strip_heading(part))]
    if not parts:
        return None
    level = 0
    for heading, plain in zip(note.headings, note.plain_headings, strict=True):
        if heading.level > level and plain == parts[0]:
            level = heading.level
            parts.pop(0)
            if not parts:
                return heading
    return None


def _footnote(note: Note, label: str) -> int | None:
    for number in note.scan.text_lines():
        if note.scan.lines[number - 1].lstrip().startswith(f"{label}:"):
            return number
    return None
