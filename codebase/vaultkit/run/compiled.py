"""Compile a block: its asserts keep their operands, and what it changes in foreign modules is remembered."""

import ast
import re
from types import CodeType

from vaultkit.run.asserts import rewritten
from vaultkit.run.borrowed import Guarding

# What a statement that `Guarding` looks for must contain; most blocks have none and are not parsed for it.
_MAY_BORROW = re.compile(
    r"\w\.\w+\s*(?:\[[^\n]*\])?\s*(?:[-+*/%@&|^]|//|\*\*|<<|>>|:[^\n=]*)?=(?!=)|\w\.\w+\s*,|\bdel\b|\b(?:set|del)attr\b"
)


def compiled(code: str, file: str) -> tuple[CodeType, bool]:
    """(the code object of a block, whether it needs the names of `borrowed`). Raises as `compile` does."""
    guarding = Guarding()
    borrows, asserts = bool(_MAY_BORROW.search(code)), "assert" in code
    if borrows or asserts:
        try:
            tree = ast.parse(code, file)
            tree = guarding.visit(tree) if borrows else tree
            tree = ast.fix_missing_locations(rewritten(tree) if asserts else tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            guarding.used = False
        else:
            return compile(tree, file, "exec", dont_inherit=True), guarding.used
    return compile(code, file, "exec", dont_inherit=True), guarding.used
