"""Node.js, which runs KaTeX."""

import shutil
import sys
from pathlib import Path


def find_node() -> str | None:
    """The Node.js beside this Python, put there by set-up where the system has none, else the system's."""
    local = Path(sys.executable).with_name("node")
    return str(local) if local.is_file() else shutil.which("node")
