"""The house rules on imports: rooms only look down, nothing goes round, nothing hides in a function."""

import ast
import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "codebase"

# A room may import from rooms of a smaller number and, for packages, from itself.
KVIST_LEVELS = {
    "errors": 0,
    "json_file": 1,
    "blas": 1,
    "native": 2,
    "numerics": 2,
    "metal": 2,
    "figures": 2,
    "ops": 3,
    "nn": 4,
    "cache": 4,
    "budget": 4,
    "quant": 4,
    "text": 4,
    "models": 5,
    "decode": 6,
    "serve": 7,
    "train": 7,
    "rl": 8,
    "rag": 8,
    "agent": 8,
    "dist": 8,
    "exercises": 9,
    "doctor": 9,
    "cli": 10,
}
# A layer takes a cache: the one pair of rooms on a level that may look sideways.
SIDEWAYS = {("nn", "cache")}


def module_name(path: Path) -> str:
    parts = path.relative_to(CODE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(p): p for p in sorted(CODE.rglob("*.py")) if ".egg-info" not in str(p)}


@lru_cache
def own_imports(path: Path) -> list[tuple[str, int, bool]]:
    """(module, line, inside a function) of every import of our own packages, relative ones resolved."""
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: list[tuple[str, int, bool]] = []

    def visit(node: ast.AST, in_function: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):  # no import hides in one, and most nodes are below them
                continue
            inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            if isinstance(child, ast.Import):
                found.extend((alias.name, child.lineno, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    up = package.split(".")[: len(package.split(".")) - child.level + 1]
                    base = ".".join([*up, base]).strip(".")
                for alias in child.names:
                    whole = f"{base}.{alias.name}"
                    found.append((whole if whole in MODULES else base, child.lineno, inside))
            visit(child, inside)

    visit(ast.parse(path.read_text(encoding="utf-8")), False)
    return [f for f in found if f[0].split(".")[0] in {"kvist", "vaultkit"}]


@pytest.mark.parametrize("name", MODULES)
def test_no_import_of_our_own_inside_a_function(name: str) -> None:
    hidden = [
        f"{MODULES[name]}:{line}: {target}" for target, line, inside in own_imports(MODULES[name]) if inside
    ]
    assert not hidden


@pytest.mark.parametrize("name", MODULES)
def test_the_two_packages_do_not_know_each_other(name: str) -> None:
    package = name.split(".")[0]
    strangers = [target for target, _, _ in own_imports(MODULES[name]) if target.split(".")[0] != package]
    assert not strangers


@pytest.mark.parametrize("name", [m for m in MODULES if m.startswith("kvist.")])
def test_rooms_of_the_engine_only_look_down(name: str) -> None:
    room = name.split(".")[1]
    assert room in KVIST_LEVELS, f"{name}: give the room {room!r} a level in this test"
    for target, line, _ in own_imports(MODULES[name]):
        if target.count(".") == 0 or target.startswith("kvist._"):
            continue
        other = target.split(".")[1]
        down = KVIST_LEVELS[other] < KVIST_LEVELS[room]
        assert other == room or down or (room, other) in SIDEWAYS, (
            f"{MODULES[name]}:{line}: {room} imports {other}"
        )


def test_no_import_cycles() -> None:
    graph = {
        name: {t for t, _, _ in own_imports(path) if t in MODULES and t != name}
        for name, path in MODULES.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, "import cycle: " + " -> ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for target in sorted(graph[name]):
                walk(target, (*trail, name))
            done.add(name)

    for name in graph:
        walk(name, ())


def test_the_rule_book_and_this_test_name_the_same_order() -> None:
    """STYLE.md states the order for people; keep the two together."""
    stated = re.search(r"Inside `kvist`: (.*?)\. `vaultkit`", (ROOT / "STYLE.md").read_text(encoding="utf-8"))
    assert stated
    levels = [[KVIST_LEVELS[room.strip()] for room in group.split(",")] for group in stated[1].split("<")]
    assert all(max(a) < min(b) for a, b in pairwise(levels)), levels
