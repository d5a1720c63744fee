"""Run the notes that have no true verdict, in a process of its own, while the site is being served.

The runner writes its results file, which the server watches: the pages get their badges with the next build.
"""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from vaultkit.site.results import Results
from vaultkit.vault import Vault


def unverified(root: Path) -> list[str]:
    """Paths of notes with Python blocks whose last result is missing, a failure, or out of date."""
    results = Results(root)
    with_code = [
        path for path, note in Vault.load(root).notes.items() if any(f.is_python for f in note.scan.fences)
    ]
    return sorted(path for path in with_code if results.verdict(path) is None)


def verify(root: Path, say: Callable[[str], None]) -> threading.Thread:
    """Start running what is unverified; failures are said, a success is left to the badges."""
    thread = threading.Thread(target=_run, args=(root, say), daemon=True)
    thread.start()
    return thread


def _run(root: Path, say: Callable[[str], None]) -> None:
    notes = unverified(root)
    if not notes:
        return
    say(f"running {len(notes)} notes for their badges ...")
    command = [sys.executable, "-m", "vaultkit.cli", "run", *(str(root / note) for note in notes)]
    done = subprocess.run(command, capture_output=True, text=True)
    say((done.stdout + done.stderr).strip() if done.returncode else f"{len(notes)} notes verified")
