"""The key of all that decides a note's verdict in its own text."""

import hashlib
import re
import sys

from vaultkit.run.program import Program

_LINES_MATTER = re.compile(r"lineno|traceback|inspect|currentframe|_getframe|warnings|logging|warn\(")


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
