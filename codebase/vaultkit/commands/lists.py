"""`vaultkit next` and `vaultkit progress`: reading lists."""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from vaultkit import place
from vaultkit.command import Command
from vaultkit.lists.reading import Choice, next_items, progress, reading_lists
from vaultkit.vault import Vault


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("list", nargs="?", default="", metavar="LIST", help="a reading list; default: all")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")
    parser.add_argument("--vault", metavar="DIR", help="the vault's folder")


def _next_arguments(parser: ArgumentParser) -> None:
    _arguments(parser)
    parser.add_argument("--count", type=_positive, default=3, metavar="N", help="how many items (3)")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"needs a number from 1 on, got {text}")
    return int(text)


def _load(args: Namespace) -> Vault:
    return Vault.load(Path(args.vault) if args.vault else place.default_vault())


def _next(args: Namespace) -> int:
    vault = _load(args)
    lists = reading_lists(vault, args.list)
    choices = next_items(vault, lists)
    ready = [choice for choice in choices if not choice.waits_for]
    shown = (ready or choices)[: args.count]
    if args.json:
        print(json.dumps([_row(choice) for choice in shown], ensure_ascii=False, indent=1))
        return 0
    if not choices:
        print("nothing is open: every item is ticked" if lists else "this vault has no reading list")
        return 0
    if not ready:
        print(f"all {len(choices)} open items wait for notes that only they teach; begin with:")
    for choice in shown:
        item = choice.entry.item
        place_of = f"{place.shown(vault.root / choice.entry.path)}:{item.line}"
        print(f"{item.title}\n    {item.url}\n    {choice.why}\n    {place_of}")
        if item.feeds:
            print(f"    note: {', '.join(item.feeds)}")
    return 0


def _row(choice: Choice) -> dict[str, object]:
    item = choice.entry.item
    return {
        "title": item.title,
        "url": item.url,
        "priority": item.priority,
        "minutes": item.minutes,
        "notes": list(item.feeds),
        "list": choice.entry.path,
        "line": item.line,
        "why": choice.why,
        "waits_for": list(choice.waits_for),
    }


def _progress(args: Namespace) -> int:
    rows = [progress(note) for note in reading_lists(_load(args), args.list)]
    if args.json:
        print(json.dumps([row.as_dict() for row in rows], ensure_ascii=False, indent=1))
        return 0
    for row in rows:
        share = f"{row.done / row.total:.0%}" if row.total else "no items"
        print(f"{row.title}: {row.done} of {row.total} read ({share}), {row.minutes_left} minutes left")
    if not rows:
        print("this vault has no reading list")
    return 0


COMMANDS = (
    Command("next", "what to read next, and why", _next_arguments, _next),
    Command("progress", "how far the reading lists have come", _arguments, _progress),
)
