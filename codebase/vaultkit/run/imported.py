"""What a module's code imports, read off its byte code."""

import dis
import sys
from types import CodeType


def imports_of(code: CodeType, name: str) -> set[str]:
    """Every module that the import statements of `code`, functions included, can mean."""
    package = sys.modules[name].__package__ or ""
    found: set[str] = set()
    values: list[object] = [None, None]
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            level, names = values
            base = str(instruction.argval)
            if isinstance(level, int) and level > 0:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - level + 1], base]).strip(".")
            found.add(base)
            found |= (
                {f"{base}.{child}" for child in names if child != "*"} if isinstance(names, tuple) else set()
            )
            found |= _parents(base)
        elif instruction.opname.startswith("LOAD_"):
            values = [values[1], instruction.argval]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= imports_of(constant, name)
    return found - {name}


def _parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}
