"""`vaultkit structure`: which notes have the same blocks on the site as in Obsidian."""

import json
import sys
from argparse import ArgumentParser, Namespace

from vaultkit.command import Command
from vaultkit.commands.scope import add_scope, load_scope
from vaultkit.structure import Row, measure
from vaultkit.terminal import path_here, problem_here


def _arguments(parser: ArgumentParser) -> None:
    add_scope(parser)
    parser.epilog = (
        "Exit code 0: measured, whatever the share is; 1: a file could not be read (it is named, "
        "the rest is measured). --json: JSON Lines, one object a note: path, equal, difference "
        "(null, or line, expected, got of the first block that differs)."
    )


def _structure(args: Namespace) -> int:
    vault, part = load_scope(args)
    for problem in vault.problems:
        if args.json and problem.code == "symbolic-link":
            continue
        print(problem if args.json else problem_here(vault.root, problem), file=sys.stderr)
    total = equal = 0
    for row in measure(vault, part):
        total += 1
        equal += row.equal
        if args.json:
            print(json.dumps(row.as_dict(), ensure_ascii=False), flush=True)
        elif not row.equal:
            print(_line(path_here(vault.root, row.path), row))
    if not args.json:
        share = f"{100 * equal / total:.1f} %" if total else "no notes"
        print(f"{equal} of {total} notes have the same block structure: {share}")
    return 1 if any(problem.code != "symbolic-link" for problem in vault.problems) else 0


def _line(shown: str, row: Row) -> str:
    found = row.difference
    assert found is not None
    wanted, got = found.expected or "the end", found.got or "the end"
    return f"{shown}:{found.line}: structure expected {wanted}, got {got}"


COMMANDS = (
    Command(
        "structure", "compare each note's blocks on the site with those in Obsidian", _arguments, _structure
    ),
)
