"""Which block a block id means that stands alone: the one above it, however many blank lines that holds."""

from markdown_it import MarkdownIt

from vaultkit.note import Note

_PARSER = MarkdownIt("commonmark").enable("table")


def blocks_above(note: Note) -> dict[int, int]:
    """By the first line of each paragraph, where the block above it begins (lines are 1-based)."""
    end = note.scan.front_end
    found: dict[int, int] = {}
    before: dict[int, int] = {}  # first line of the last block at each level of nesting
    for token in _PARSER.parse("\n".join([""] * end + note.scan.lines[end:])):
        if token.map is None or token.nesting < 0 or token.type == "inline":
            continue
        line = token.map[0] + 1
        if token.type == "paragraph_open" and token.level in before:
            found[line] = before[token.level]
        before = {level: first for level, first in before.items() if level < token.level}
        before[token.level] = line
    return found
