"""`vaultkit coverage`: public names of the engine that no note runs, and for the others which notes do."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vaultkit import place
from vaultkit.api.coverage import Coverage, coverage, engine_of
from vaultkit.api.names import Engine
from vaultkit.api.read import read_engine
from vaultkit.command import Command
from vaultkit.commands.scope import add_scope, load_scope
from vaultkit.errors import Problem, VaultError
from vaultkit.pairs import canonical
from vaultkit.terminal import path_here


def _arguments(parser: ArgumentParser) -> None:
    add_scope(parser)
    help_text = "the package that the notes import; default: the project's codebase/kvist"
    parser.add_argument("--engine", metavar="PATH", help=help_text)


def _coverage(args: Namespace) -> int:
    vault, part = load_scope(args)
    engine = _engine(args, vault.root)
    found = coverage(vault, engine)
    runs, methods, explains = (_notes(kind, part) for kind in (found.runs, found.methods, found.explains))
    found = Coverage(engine, runs, methods, explains)
    if args.json:
        document = {
            "names": {name: runs.get(name, []) for name in engine.names},
            "uncovered": found.uncovered,
            "methods": {name: methods.get(name, []) for name in engine.methods},
            "uncovered_methods": found.uncovered_methods,
            "explained": explains,
        }
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _print(vault.root, found)
    return 0


def _notes(found: dict[str, list[str]], part: str) -> dict[str, list[str]]:
    """The notes below `part`, a pair as its English note; names without any left out."""
    chosen = {
        name: list(dict.fromkeys(canonical(path) for path in paths if path.startswith(part)))
        for name, paths in found.items()
    }
    return {name: notes for name, notes in chosen.items() if notes}


def _engine(args: Namespace, root: Path) -> Engine:
    folder = Path(args.engine).resolve() if args.engine else None
    engine = read_engine(folder, place.project_of(root)) if folder else engine_of(root)
    if engine.problems:
        raise VaultError(engine.problems)
    if not engine.rooms:
        where = place.shown(folder) if folder else place.shown(place.project_of(root))
        hint = "name the package's folder with --engine"
        raise VaultError(Problem(where, 0, "no-engine", "there is no package with public names here", hint))
    return engine


def _print(root: Path, found: Coverage) -> None:
    for name in found.engine.names:
        if name in found.runs:
            print(f"{name}: {', '.join(path_here(root, path) for path in found.runs[name])}")
    total, missing = len(found.engine.names), len(found.uncovered)
    print(f"{total} public names: {total - missing} run by a note, {missing} by none")
    for room in found.engine.rooms:
        names = [name.name for name in room.names if name.path in found.uncovered]
        if names:
            print(f"  {room.path}: {', '.join(names)}")
    methods, left = len(found.engine.methods), found.uncovered_methods
    print(f"{methods} methods of public classes: {methods - len(left)} run by a note, {len(left)} by none")
    classes: dict[str, list[str]] = {}
    for path in left:
        owner, _, name = path.rpartition(".")
        classes.setdefault(owner, []).append(name)
    for owner, names in classes.items():
        print(f"  {owner}: {', '.join(names)}")


COMMANDS = (
    Command(
        "coverage", "names of the engine that no note runs, and who runs the others", _arguments, _coverage
    ),
)
