"""Compile a block: its asserts keep their operands, and what it changes in foreign modules is remembered."""

import ast
import re
from contextlib import suppress
from types import CodeType
from typing import NamedTuple

from vaultkit.run.asserts import rewritten
from vaultkit.run.borrowed import Guarding

_WRONG = (SyntaxError, ValueError, RecursionError, MemoryError)
# What a statement that `Guarding` looks for must contain; most blocks have none and are not parsed for it.
_MAY_BORROW = re.compile(
    r"\w\.\w+\s*(?:\[[^\n]*\])?\s*(?:[-+*/%@&|^]|//|\*\*|<<|>>|:[^\n=]*)?=(?!=)|\w\.\w+\s*,|\bdel\b|\b(?:set|del)attr\b"
)


class Program(NamedTuple):
    """The code object of a block, that of its last expression if a notebook is to show its value, and
    whether it needs the hidden names of `borrowed`.
    """

    code: CodeType
    last: CodeType | None = None
    needs_hidden: bool = False


def compiled(code: str, file: str, *, values: bool = False) -> Program:
    """Compile a block, with `values` its last expression apart unless `;` hides it. Raises as `compile`."""
    source, borrows = rewritten(code), bool(_MAY_BORROW.search(code.lstrip("\n")))
    if not (borrows or values):
        return Program(_compile(source, code, file))
    guarding = Guarding()
    with suppress(*_WRONG):
        tree = ast.parse(source, file)
        tree = ast.fix_missing_locations(guarding.visit(tree)) if borrows else tree
        last = tree.body.pop() if values and tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if not isinstance(last, ast.Expr) or source.rstrip().endswith(";"):
            tree.body += [last] if last else []
            return Program(_compile(tree, code, file), None, guarding.used)
        shown = compile(ast.Expression(last.value), file, "eval", dont_inherit=True)
        return Program(_compile(tree, code, file), shown, guarding.used)
    return Program(_compile(code, code, file))


def _compile(source: str | ast.Module, code: str, file: str) -> CodeType:
    """What is wrong is said of the note's own words, not of the rewritten ones."""
    with suppress(*_WRONG):
        return compile(source, file, "exec", dont_inherit=True)
    return compile(code, file, "exec", dont_inherit=True)
