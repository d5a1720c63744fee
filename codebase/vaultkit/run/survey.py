"""What each note's text says without running it, remembered by the hash of its bytes."""

import os
from pathlib import Path

from vaultkit.labs.notebook import is_notebook
from vaultkit.run.cache import RunCache, Shape, Skip, program_key
from vaultkit.run.lab import NO_LAB, Lab, lab_key
from vaultkit.run.program import program_of, scan_once
from vaultkit.run.requirements import present
from vaultkit.vault import note_files, read_text


def shape_of(cache: RunCache, file: Path, path: str) -> Shape | None:
    """The shape of a note; None if it cannot be read or has problems, so that only a run can tell."""
    now = cache.fingerprints.file(os.path.abspath(file))
    known = cache.texts.get(path)
    if known and known[0] == now and len(known) == 5 and _still(known[4]):
        program, blocks, skipped = known[1:4]
        return Shape(program, blocks, [Skip(*skip) for skip in skipped]) if program is not None else None
    shape, required = _read(file, path)
    cache.texts[path] = [now, *(shape or (None, 0, [])), required]
    cache.changed = True
    return shape


def with_code(cache: RunCache, root: Path, part: str) -> list[Path]:
    """Files of the notes below `part` that show Python, without reading those that have not changed."""
    found = []
    for path, file in note_files(root):
        if path.startswith(part):
            shape = shape_of(cache, file, path)
            if shape is None or shape.program:
                found.append(root / path)
    return found


def _still(required: dict[str, bool]) -> bool:
    """True if what the note's blocks require is there, or absent, as it was."""
    return all(present(name) == there for name, there in required.items())


def _read(file: Path, path: str) -> tuple[Shape | None, dict[str, bool]]:
    """The shape, and for each name that a block requires whether it is there."""
    text, problems = read_text(file, path)
    if text is None or problems:
        return None, {}
    scanned = scan_once(text)
    if not any(fence.is_python and not fence.hidden for fence in scanned.fences):
        return Shape("", 0, []), {}
    program = program_of(path, scanned)
    lab = Lab(file, program) if is_notebook(path) else NO_LAB
    if program.problems:
        return None, {}
    skipped = [Skip(block.line, block.control.skip) for block in program.blocks if block.control.skip]
    required = {name: present(name) for block in program.blocks for name in block.control.requires}
    key = program_key(program) if lab is NO_LAB else lab_key(lab, program)
    return Shape(key, len(program.blocks), skipped), required
