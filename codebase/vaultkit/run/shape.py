"""What the text of a note tells without running it: its blocks, its skips, what they require, its key."""

import hashlib
from pathlib import Path

from vaultkit.labs.notebook import is_notebook
from vaultkit.read import read_text
from vaultkit.run.cache import RunCache
from vaultkit.run.key import program_key
from vaultkit.run.lab import NO_LAB, Lab, lab_key
from vaultkit.run.notereport import Skip
from vaultkit.run.program import Program, program_of, scan_once
from vaultkit.run.requirements import present


def learn_shape(cache: RunCache, path: str, file: str) -> None:
    """Read a note that the cache does not know in its present state."""
    now = cache.fingerprints.file(file)
    text, problems = read_text(Path(file), path)
    if text is None or problems:
        cache.texts[path] = [now, None, 0, [], {}]
        return
    program = program_of(path, scan_once(text))
    lab = Lab(Path(file), program) if is_notebook(path) else NO_LAB
    with open(file, "rb") as opened:
        if hashlib.sha256(opened.read()).hexdigest() != now:
            return  # edited just now
    # A note without blocks has no verdict, unless it shows Python that would never run.
    silent = not program.blocks and all(p.code.startswith("output") for p in program.problems)
    required = {name: present(name) for block in program.blocks for name in block.control.requires}
    if program.problems and not silent:
        cache.texts[path] = [now, None, 0, [], required]
    else:
        skipped = [Skip(block.line, block.control.skip) for block in program.blocks if block.control.skip]
        cache.texts[path] = [now, key_of_note(lab, program), len(program.blocks), skipped, required]
    cache.changed = True


def key_of_note(lab: Lab, program: Program) -> str:
    """Key of a note, or of a lab; "" if it has no blocks."""
    return program_key(program) if lab is NO_LAB or not program.blocks else lab_key(lab, program)
