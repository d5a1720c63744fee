"""`vaultkit coverage`: public names of the engine that no note runs, and for the others which notes do."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vaultkit import place
from vaultkit.api.coverage import Coverage, coverage, engine_of, imported_in, packages_in
from vaultkit.api.names import Engine
from vaultkit.api.read import read_engine
from vaultkit.command import Command
from vaultkit.commands.scope import add_scope, load_scope
from vaultkit.errors import CallError, Problem, VaultError
from vaultkit.pairs import canonical
from vaultkit.terminal import path_here
from vaultkit.vault import Vault

HINT = "name the package's folder, or the one that holds it, with --engine"


def _arguments(parser: ArgumentParser) -> None:
    add_scope(parser)
    help_text = "the package that the notes import, or its folder; default: the project's codebase/kvist"
    parser.add_argument("--engine", metavar="PATH", help=help_text)


def _coverage(args: Namespace) -> int:
    vault, part = load_scope(args)
    engine = _engine(args, vault)
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


def _engine(args: Namespace, vault: Vault) -> Engine:
    folder = _package(vault, args.engine) if args.engine else None
    root = vault.root
    engine = read_engine(folder, place.project_of(root)) if folder else engine_of(root)
    if engine.problems:
        raise VaultError(engine.problems)
    if not engine.rooms:
        where = place.shown(folder) if folder else place.shown(place.project_of(root))
        wrong = CallError if folder else VaultError
        raise wrong(Problem(where, 0, "no-engine", "there is no package with public names here", HINT))
    return engine


def _package(vault: Vault, named: str) -> Path:
    """The package that --engine names: a package, or a folder that holds the one which the notes import."""
    folder = Path(named).resolve()
    if not folder.is_dir():
        raise CallError(Problem("--engine", 0, "no-engine", f"needs a folder, got {named}", HINT))
    found = packages_in(folder)
    chosen = [package for package in found if imported_in(vault, package.name)] or found
    if len(chosen) > 1:
        names = ", ".join(package.name for package in chosen)
        hint = f"name one of them: {names}"
        raise CallError(Problem(named, 0, "no-engine", "holds several packages", hint))
    return chosen[0] if chosen else folder


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
