"""Writing a canvas as Obsidian does: tabs, a line for each node and edge; every key is kept."""

import json
from typing import Any


def write_canvas(data: Any) -> str:
    """The text of a canvas file; reading it gives the same data."""
    if not isinstance(data, dict):
        return _line(data)
    parts = []
    for key, value in data.items():
        if isinstance(value, list) and value:
            items = ",\n".join(f"\t\t{_line(item)}" for item in value)
            parts.append(f"\t{_line(key)}:[\n{items}\n\t]")
        else:
            parts.append(f"\t{_line(key)}:{_line(value)}")
    return "{\n" + ",\n".join(parts) + "\n}" if parts else "{}"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
