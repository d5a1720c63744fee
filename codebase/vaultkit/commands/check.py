"""`vaultkit check` and `vaultkit links`: the lint, and all links for other tools."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace

from vaultkit import place
from vaultkit.check import check_vault
from vaultkit.check.fix import fix
from vaultkit.command import Command
from vaultkit.commands.scope import add_scope, load_scope
from vaultkit.errors import Problem
from vaultkit.note import Note
from vaultkit.resolve import resolve, resolve_subpath
from vaultkit.vault import Vault


def _check_arguments(parser: ArgumentParser) -> None:
    add_scope(parser)
    help_text = "mend aliases as targets, and carry code and ticks over to Chinese notes"
    parser.add_argument("--fix", action="store_true", help=help_text)


def _check(args: Namespace) -> int:
    vault, part = load_scope(args)
    changed = fix(vault, part) if args.fix else []
    vault = Vault.load(vault.root) if changed else vault
    problems = [problem for problem in check_vault(vault) if problem.path.startswith(part)]
    errors = [problem for problem in problems if problem.severity == "error"]
    if args.json:
        found = [problem.as_dict() for problem in problems]
        print(json.dumps({"problems": found, "fixed": changed}, ensure_ascii=False, indent=1))
        return 1 if errors else 0
    for path in changed:
        print(f"fixed {_shown(vault, path)}")
    for problem in problems:
        print(_with_shown_path(vault, problem))
    notes = f"{sum(path.startswith(part) for path in vault.notes)} notes"
    print(
        f"{notes}, {len(errors)} errors, {len(problems) - len(errors)} warnings"
        if problems
        else f"{notes}, all well"
    )
    return 1 if errors else 0


def _with_shown_path(vault: Vault, problem: Problem) -> Problem:
    return replace(problem, path=_shown(vault, problem.path))


def _shown(vault: Vault, path: str) -> str:
    return place.shown(vault.root) + "/" + path if place.shown(vault.root) != "." else path


def _links(args: Namespace) -> int:
    vault, part = load_scope(args)
    broken = 0
    for note in (note for path, note in vault.notes.items() if path.startswith(part)):
        for row in _rows(vault, note):
            broken += row["path"] is None or row["subpath_ok"] is False or bool(row["ambiguous"])
            if args.json:
                print(json.dumps(row, ensure_ascii=False))
            else:
                target = row["path"] or "UNRESOLVED"
                print(f"{_shown(vault, note.path)}:{row['line']}: {row['kind']} {row['text']} -> {target}")
    return 1 if broken else 0


def _rows(vault: Vault, note: Note) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for link in note.links:
        found = resolve(vault, link.target, note.path)
        target = vault.notes.get(found.path) if found.path else None
        subpath_ok = None
        if link.subpath and found.path:
            subpath_ok = target is None or resolve_subpath(target, link.subpath) is not None
        rows.append(
            {
                "source": note.path,
                "line": link.line,
                "kind": link.kind,
                "text": link.raw,
                "target": link.target,
                "path": found.path,
                "subpath": link.subpath,
                "subpath_ok": subpath_ok,
                "ambiguous": found.ambiguous,
            }
        )
    return rows


COMMANDS = (
    Command(
        "check", "lint the vault: links, properties, skeleton, languages, lists", _check_arguments, _check
    ),
    Command("links", "list every link and where it leads", add_scope, _links),
)
