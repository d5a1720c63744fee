"""What the text of a note tells without running it: its blocks, its skips, the key of its program."""

import hashlib
import re
import sys

from vaultkit.run.cache import RunCache
from vaultkit.run.notereport import Skip
from vaultkit.run.program import Program, program_of, scan_once

_LINES_MATTER = re.compile(r"lineno|traceback|inspect|currentframe|_getframe|warnings|logging|warn\(")


def learn_shape(cache: RunCache, path: str, file: str) -> None:
    """Read a note that the cache does not know in its present state."""
    now = cache.fingerprints.file(file)
    try:
        with open(file, "rb") as opened:
            data = opened.read()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return
    if hashlib.sha256(data).hexdigest() != now or "\0" in text:
        return
    program = program_of(path, scan_once(text))
    # A note without blocks has no verdict, unless it shows Python that would never run.
    known = all(p.code.startswith("output") for p in program.problems) if not program.blocks else False
    if program.problems and not known:
        cache.texts[path] = [now, None, 0, []]
    else:
        cache.texts[path] = [now, program_key(program), len(program.blocks), skips(program)]
    cache.changed = True


def skips(program: Program) -> list[Skip]:
    return [Skip(block.line, block.control.skip) for block in program.blocks if block.control.skip]


def program_key(program: Program) -> str:
    """Key of all that decides a note's verdict in its own text; "" if it has no blocks.

    Line numbers count only for code that may print them.
    """
    if not program.blocks:
        return ""
    parts: list[object] = [sys.version_info[:2]]
    for block in program.blocks:
        setups = [setup.code for setup in block.setups]
        parts.append((block.fence.code, block.control, setups, block.output.code if block.output else None))
        if _LINES_MATTER.search(block.fence.code + "".join(setups)):
            parts.append(block.line)
    parts += [str(problem) for problem in program.problems]
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
