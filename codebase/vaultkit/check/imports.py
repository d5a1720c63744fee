"""Notes of a Kvist vault import the engine's public names, `mlx.core`, numpy and the standard library."""

import ast
import sys
from collections.abc import Iterator
from functools import lru_cache

from vaultkit.errors import Problem
from vaultkit.labs.notebook import is_notebook
from vaultkit.run.program import program_of
from vaultkit.vault import Vault

_ALLOWED = ("kvist", "mlx.core", "numpy")


def check_imports(vault: Vault) -> Iterator[Problem]:
    """Blocks that are skipped may import anything, and every block what it declares to require."""
    for path, note in vault.notes.items():
        if is_notebook(path):
            continue
        for block in program_of(path, note.scan).blocks:
            if block.control.skip and not block.control.requires:
                continue
            for above, code in [*((s.line, s.code) for s in block.setups), (block.line, block.fence.code)]:
                for line, name in imported(code):
                    if not _allowed(name, block.control.requires):
                        yield _problem(path, above + line, name)


def imported(code: str) -> list[tuple[int, str]]:
    """(line, module) of each import of a block; [] if it is no Python."""
    return list(_imported(code)) if "import" in code else []


@lru_cache(maxsize=1 << 13)  # both languages show the same code, and a server checks it after every edit
def _imported(code: str) -> tuple[tuple[int, str], ...]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            whole = node.module if node.module != "mlx" and "._" not in "".join(names) else ""
            found += [(node.lineno, whole)] if whole else [(node.lineno, name) for name in names]
    return tuple(sorted(set(found)))


def _allowed(name: str, required: tuple[str, ...]) -> bool:
    if any(name == other or name.startswith(other + ".") for other in required):
        return True
    private = any(part.startswith("_") and not part.startswith("__") for part in name.split("."))
    if name.partition(".")[0] in sys.stdlib_module_names:
        return True
    return not private and any(name == other or name.startswith(other + ".") for other in _ALLOWED)


def _problem(path: str, line: int, name: str) -> Problem:
    message = f"imports `{name}`: not one of {', '.join(_ALLOWED)}, nor of the standard library"
    if name.startswith("kvist."):
        return Problem(
            path, line, "note-import", f"imports the private `{name}`", "use a public name of kvist"
        )
    hint = f"do without it, or declare it: <!-- run: requires {name.partition('.')[0]} -->"
    return Problem(path, line, "note-import", message, hint)
