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
    source = rewritten(code)
    try:
        if _MAY_BORROW.search(code):
            guarding = Guarding()
            tree = ast.fix_missing_locations(guarding.visit(ast.parse(source, file)))
            return compile(tree, file, "exec", dont_inherit=True), guarding.used
        return compile(source, file, "exec", dont_inherit=True), False
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return compile(code, file, "exec", dont_inherit=True), False  # what is wrong, in the note's own words
