"""The few settings of Obsidian (`.obsidian/app.json`) that change how a note looks."""

import json
from pathlib import Path


def strict_line_breaks(root: Path) -> bool:
    """True if a single line end is a space, as in CommonMark; by default Obsidian shows it as a line end."""
    try:
        settings = json.loads((root / ".obsidian" / "app.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(settings, dict) and settings.get("strictLineBreaks") is True
