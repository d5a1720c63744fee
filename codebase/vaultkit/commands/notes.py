"""`vaultkit run` for argparse, `watch`, `update` and `census`: the code of notes."""

import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import astuple

from vaultkit.command import Command
from vaultkit.commands.run import FLAGS, Options, run, use_engine
from vaultkit.commands.scope import add_scope, load_scope
from vaultkit.commands.update import update_all
from vaultkit.errors import Problem
from vaultkit.run.census import census
from vaultkit.run.scope import WrongCall
from vaultkit.run.select import select
from vaultkit.run.watch import watch
from vaultkit.terminal import path_here

_FLAG_HELP = (
    "one JSON object per note",
    "say of each note why it is run or not",
    "only what is run, nothing about what is reused",
    "run every note, changed or not",
)


def _notes(parser: ArgumentParser) -> None:
    help_text = 'a folder, then notes in it; or notes: a path, a name ("KV cache": both languages)'
    parser.add_argument("notes", nargs="*", metavar="DIR|NOTE", help=help_text)


def _engine(parser: ArgumentParser) -> None:
    help_text = "a folder to put first on the import path of the blocks"
    parser.add_argument("--engine", default="", metavar="PATH", help=help_text)


def _run_arguments(parser: ArgumentParser) -> None:
    _notes(parser)
    _engine(parser)
    parser.epilog = (
        "Exit code 0: all does as the notes say; 1: something does not; 2: no such folder or note. --json: "
        "JSON Lines, one object a note: path, ok, blocks (skipped ones included), passed, skipped (a list of "
        "line, reason), failures (a list of path, line, kind, message, hint, expected, actual, details, "
        "block, a number or null), seconds, reused (the former verdict holds), why (it was run or not)."
    )
    for flag, help_text in zip(FLAGS, _FLAG_HELP, strict=True):
        parser.add_argument(flag, action="store_const", const=flag, help=help_text)


def _run(args: Namespace) -> int:
    flags = {getattr(args, flag[2:].replace("-", "_")) for flag in FLAGS}
    return run(Options(args.notes, args.engine, flags - {None}))


def _watch_arguments(parser: ArgumentParser) -> None:
    _notes(parser)
    _engine(parser)


def _watch(args: Namespace) -> int:
    return watch(args.notes, args.engine, lambda: print("watching; Ctrl-C ends", flush=True))


def _update_arguments(parser: ArgumentParser) -> None:
    _notes(parser)
    _engine(parser)
    parser.add_argument("--dry-run", action="store_true", help="print what would change, write nothing")


def _update(args: Namespace) -> int:
    try:
        use_engine(args.engine)
    except WrongCall as error:
        print(error, file=sys.stderr)
        return 2
    root, files = select(args.notes)
    return update_all(root, files, write=not args.dry_run)


def _census_arguments(parser: ArgumentParser) -> None:
    add_scope(parser)
    parser.epilog = (
        "Exit code 0: every block shown as Python is run or declared as skipped; 1: some are not. --json: "
        "JSON Lines, one object a note: path, shown, run, skipped (numbers of blocks), missed (a list of "
        "line, form, why, hint), ok."
    )


def _census(args: Namespace) -> int:
    vault, part = load_scope(args)
    counts = [count for count in census(vault) if count.path.startswith(part)]
    wrong = sum(not count.ok for count in counts)
    if args.json:
        for count in counts:
            print(json.dumps(count.as_dict(), ensure_ascii=False))
        return 1 if wrong else 0
    counts = [count for count in counts if count.shown or not count.ok]
    for count in counts:
        mark = "ok   " if count.ok else "WRONG"
        shown = path_here(vault.root, count.path)
        print(f"{mark} {shown}: {count.shown} shown = {count.run} run + {count.skipped} skipped")
        for line, form, why, hint in map(astuple, count.missed):
            print(Problem(shown, line, "census-missed", f"{form}: {why}" if form else why, hint))
    print(f"{len(counts)} notes, {sum(count.shown for count in counts)} shown, {wrong} notes wrong")
    return 1 if wrong else 0


COMMANDS = (
    Command("run", "run the code of notes and compare what it prints and draws", _run_arguments, _run),
    Command("watch", "run what a change concerns, whenever something is saved", _watch_arguments, _watch),
    Command(
        "update", "rewrite output fences and figures from what the code does", _update_arguments, _update
    ),
    Command(
        "census", "count Python fences against blocks run and skips declared", _census_arguments, _census
    ),
)
