"""`vaultkit run`, `update` and `census`: the code of notes."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import astuple
from functools import partial

from vaultkit import place
from vaultkit.command import Command
from vaultkit.commands.scope import add_scope, load_scope
from vaultkit.errors import Problem
from vaultkit.run.cache import RunCache
from vaultkit.run.census import census
from vaultkit.run.quick import NoteReport, run_notes
from vaultkit.run.select import select, vault_of_names
from vaultkit.run.session import Session
from vaultkit.run.survey import with_code
from vaultkit.run.update import update_note
from vaultkit.run.watch import watch


def _notes(parser: ArgumentParser) -> None:
    help_text = 'a name ("KV cache": both languages), a note file, or a folder; default: all notes'
    parser.add_argument("notes", nargs="*", metavar="NOTE", help=help_text)


def _run_arguments(parser: ArgumentParser) -> None:
    _notes(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per note")
    parser.add_argument("--why", action="store_true", help="say of each note that is run why it is")
    parser.add_argument("--brief", action="store_true", help="only what is run, nothing about what is reused")
    parser.add_argument("--no-cache", action="store_true", help="run every note, changed or not")


def _run(args: Namespace) -> int:
    root = vault_of_names(args.notes)
    cache = RunCache(root, dict(os.environ))
    if cache.fault:
        print(f"{place.shown(cache.file)} {cache.fault}: ignored", file=sys.stderr)
    root, files = select(args.notes, root, partial(with_code, cache))

    def show(report: NoteReport) -> None:
        if args.json:
            print(json.dumps(report.as_dict(), ensure_ascii=False), flush=True)
            return
        if args.brief and report.reused is not None:
            return
        print(report.line(), flush=True)
        if args.why and report.why:
            print(f"       run because {report.why}")
        for line, reason in report.skipped:
            print(f"       skipped {report.path}:{line}: {reason}")
        for text in report.texts:
            print(text)

    reports = run_notes(root, files, show, cache, force=args.no_cache)
    failed = [report for report in reports if not report.ok]
    if not args.json:
        blocks = sum(report.blocks for report in reports)
        tail = f", {len(failed)} FAILED" if failed else ", all as the notes say"
        ran = sum(report.reused is None for report in reports)
        reused = f" ({ran} run, {len(reports) - ran} reused)" if ran < len(reports) else ""
        print(f"{len(reports)} notes, {blocks} blocks{tail}{reused}")
    return 1 if failed else 0


def _watch(args: Namespace) -> int:
    root = vault_of_names(args.notes)
    select(args.notes, root)  # an unknown name is said now, not after each change
    return watch(root, args.notes, lambda: print("watching; Ctrl-C ends", flush=True))


def _update_arguments(parser: ArgumentParser) -> None:
    _notes(parser)
    parser.add_argument("--dry-run", action="store_true", help="print what would change, write nothing")


def _update(args: Namespace) -> int:
    root, files = select(args.notes)
    failed = changed = 0
    twins: list[Session] = []
    for file in files:
        update = update_note(file, root, write=not args.dry_run, twins=twins)
        changed += update.changed and not update.errors
        failed += bool(update.errors)
        if update.errors:
            print("\n".join([*update.errors, f"{update.path}: nothing was written"]))
            continue
        if update.diff:
            print(update.diff)
        for name in update.figures:
            print(f"figure {place.shown(place.attachments(root) / name)}")
    verb = "would change" if args.dry_run else "changed"
    tail = f", {failed} FAILED" if failed else ""
    print(f"{len(files)} notes, {changed} {verb}{tail}")
    return 1 if failed else 0


def _census(args: Namespace) -> int:
    vault, part = load_scope(args)
    counts = [count for count in census(vault) if count.path.startswith(part)]
    wrong = sum(not count.ok for count in counts)
    if args.json:
        for count in counts:
            print(json.dumps(count.as_dict(), ensure_ascii=False))
        return 1 if wrong else 0
    counts = [count for count in counts if count.shown]
    for count in counts:
        mark = "ok   " if count.ok else "WRONG"
        print(f"{mark} {count.path}: {count.shown} shown = {count.run} run + {count.skipped} skipped")
        for line, form, why, hint in map(astuple, count.missed):
            shown = place.shown(vault.root / count.path)
            print(Problem(shown, line, "census-missed", f"`{form}` {why}", hint))
    print(f"{len(counts)} notes, {sum(count.shown for count in counts)} shown, {wrong} notes wrong")
    return 1 if wrong else 0


COMMANDS = (
    Command("run", "run the code of notes and compare what it prints and draws", _run_arguments, _run),
    Command("watch", "run what a change concerns, whenever something is saved", _notes, _watch),
    Command(
        "update", "rewrite output fences and figures from what the code does", _update_arguments, _update
    ),
    Command("census", "count Python fences against blocks run and skips declared", add_scope, _census),
)
