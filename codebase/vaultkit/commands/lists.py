"""`vaultkit next`, `vaultkit done` and `vaultkit progress`: reading lists."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from vaultkit import place
from vaultkit.command import Command
from vaultkit.errors import Problem, VaultError
from vaultkit.lists.budget import fill
from vaultkit.lists.reading import Choice, next_items, progress, reading_lists
from vaultkit.lists.ticks import tick, tick_ids
from vaultkit.lists.tracker import Writer, standing_of, trackers, write, written
from vaultkit.resolve import resolve
from vaultkit.vault import Vault


def _vault_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--vault", metavar="DIR", help="the vault's folder")


def _list_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("list", nargs="?", default="", metavar="LIST", help="a reading list; default: all")
    parser.add_argument("--list", dest="named", default="", metavar="LIST", help="the same as LIST")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")
    _vault_argument(parser)


def _next_arguments(parser: ArgumentParser) -> None:
    _list_arguments(parser)
    parser.add_argument("--count", type=_positive, default=3, metavar="N", help="how many items (3)")
    parser.add_argument("--minutes", type=_positive, metavar="N", help="what fits into so many minutes")


def _done_arguments(parser: ArgumentParser) -> None:
    words = "title, number, address, note, or a part of the title that only it has"
    parser.add_argument("item", nargs="?", default="", help=words)
    parser.add_argument("--import", dest="take", metavar="FILE", help="tick what was ticked on the site")
    parser.add_argument("--list", default="", metavar="LIST", help="only in this reading list")
    parser.add_argument("--undo", action="store_true", help="clear the tick")
    _vault_argument(parser)


def _progress_arguments(parser: ArgumentParser) -> None:
    _list_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="write no tracker")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"needs a number from 1 on, got {text}")
    return int(text)


def _load(args: Namespace) -> Vault:
    return Vault.load(Path(args.vault) if args.vault else place.default_vault())


def _next(args: Namespace) -> int:
    vault = _load(args)
    lists = reading_lists(vault, args.named or args.list)
    choices = next_items(vault, lists)
    ready = [choice for choice in choices if not choice.waits_for]
    shown = fill(ready, args.minutes) if args.minutes else (ready or choices)[: args.count]
    if args.json:
        print(json.dumps([_row(choice) for choice in shown], ensure_ascii=False, indent=1))
        return 0
    if not choices:
        print("nothing is open: every item is ticked" if lists else "this vault has no reading list")
        return 0
    if not ready:
        print(f"all {len(choices)} open items wait for notes that only they teach; begin with:")
        shown = shown or choices[:1]
    elif not shown:
        least = min((choice.entry.item.minutes or 0 for choice in ready), default=0)
        print(f"nothing that can be read now fits into {args.minutes} minutes; the shortest takes {least}")
    for choice in shown:
        _print(vault, choice)
    if args.minutes and shown:
        total = sum(choice.entry.item.minutes or 0 for choice in shown)
        print(f"{total} of {args.minutes} minutes")
    _print_held(vault, choices)
    return 0


def _print(vault: Vault, choice: Choice) -> None:
    item = choice.entry.item
    print(item.title)
    if item.url:
        print(f"    {item.url}")
    print(f"    {choice.why}\n    {place.shown(vault.root / choice.entry.path)}:{item.line}")
    names = [_note_name(vault, target, choice) for target in item.feeds]
    if names:
        print(f"    note: {', '.join(names)}")


def _note_name(vault: Vault, target: str, choice: Choice) -> str:
    note = vault.notes.get(resolve(vault, target, choice.entry.path).path or "")
    return f"{target} (planned)" if note and note.is_stub else target


def _print_held(vault: Vault, choices: list[Choice]) -> None:
    """One line on what cannot be read yet, with the note that most items wait for."""
    held = [choice for choice in choices if choice.waits_for]
    if not held or len(held) == len(choices):
        return
    waited = [path for choice in held for path in choice.waits_for]
    most = max(sorted(set(waited)), key=waited.count)
    name = vault.notes[most].stem if most in vault.notes else most
    print(f"{len(held)} more wait for notes to be known first, {waited.count(most)} of them for {name}")


def _row(choice: Choice) -> dict[str, object]:
    item = choice.entry.item
    return {
        "title": item.title,
        "url": item.url,
        "priority": item.priority,
        "minutes": item.minutes,
        "hours": item.hours,
        "notes": list(item.feeds),
        "list": choice.entry.path,
        "line": item.line,
        "why": choice.why,
        "waits_for": list(choice.waits_for),
    }


def _done(args: Namespace) -> int:
    vault = _load(args)
    if args.take:
        ticks = tick_ids(vault, _ids(args.take))
    else:
        ticks = tick(vault, args.item, args.list, done=not args.undo)
    for made in ticks:
        word = (
            ("cleared" if args.undo else "done")
            if made.changed
            else ("was open" if args.undo else "was done")
        )
        print(f"{word}: {made.title} ({place.shown(vault.root / made.path)}:{made.line})")
    return 0


def _ids(file: str) -> dict[str, bool]:
    """What is ticked or was cleared in a file that the site has saved. Raises VaultError if it is no such."""
    try:
        loaded = json.loads(Path(file).read_text("utf-8"))
        return {str(name): bool(day) for name, day in loaded["ticks"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        hint = "save one with the button above a reading list"
        raise VaultError(Problem(file, 0, "ticks", "is no file of ticks", hint)) from None


def _progress(args: Namespace) -> int:
    vault = _load(args)
    name = args.named or args.list
    rows = [progress(note) for note in reading_lists(vault, name)]
    kept = [] if name else trackers(vault)
    if args.json:
        print(json.dumps([row.as_dict() for row in rows], ensure_ascii=False, indent=1))
    else:
        for row in rows:
            share = f"{row.done / row.total:.0%}" if row.total else "no items"
            print(f"{row.title}: {row.done} of {row.total} read ({share}), {row.minutes_left} minutes left")
        if not rows:
            print("this vault has no reading list")
    problems = []
    for tracker in kept:
        try:
            files = written(vault, tracker)
        except VaultError as error:
            problems += error.problems
            continue
        if not args.json:
            print(f"\n{_plain(Writer(standing_of(vault, tracker), 'en', tracker.path).overview())}")
        if not args.dry_run:
            for file in write(files):
                print(f"wrote {place.shown(file)}", file=sys.stderr)
    if problems:
        raise VaultError(problems)
    return 0


def _plain(table: str) -> str:
    """A Markdown table in columns for the terminal."""
    rows = [
        [cell.strip(" *") for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if "---" not in line
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


COMMANDS = (
    Command("next", "what to read next, and why", _next_arguments, _next),
    Command("done", "tick an item of a reading list, in both languages", _done_arguments, _done),
    Command(
        "progress",
        "how far the reading lists have come; writes the tracker note",
        _progress_arguments,
        _progress,
    ),
)
