"""From an offset in preprocessed text back to file and line."""

import re

_MARKER = re.compile(r'^#[ \t]*line[ \t]+(\d+)(?:[ \t]+"((?:\\.|[^"\\])*)")?', re.MULTILINE)


def place_of(text: str, offset: int, label: str) -> tuple[str, int]:
    """(file, line) of an offset; `#line` directives in front of it count. Without one the file is `label`."""
    file, line, start = label, 1, 0
    for marker in _MARKER.finditer(text, 0, max(offset, 0)):
        end = text.find("\n", marker.end())
        if end < 0 or end >= offset:
            break
        file, line, start = marker.group(2) or file, int(marker.group(1)), end + 1
    return file, line + text.count("\n", start, offset)
