"""`vaultkit review`: the cards that are due, asked in the terminal."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime
from pathlib import Path

from vaultkit import place
from vaultkit.called import path_called
from vaultkit.command import Command
from vaultkit.errors import CallError, Problem
from vaultkit.pairs import canonical
from vaultkit.review.cards import Card, cards
from vaultkit.review.schedule import GRADES, Schedule, dump, read
from vaultkit.terminal import path_here
from vaultkit.vault import Vault
from vaultkit.write import write_atomic


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("note", nargs="?", default="", help="only the cards of this note")
    parser.add_argument("--count", type=_count, default=20, metavar="N", help="at most so many cards (20)")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="the language of the cards")
    parser.add_argument("--json", action="store_true", help="list the cards that are due and ask nothing")
    parser.add_argument(
        "--export", metavar="FILE", help="write your reviews, for the site or another machine"
    )
    parser.add_argument(
        "--import", dest="take", metavar="FILE", help="take in reviews that are later than yours"
    )
    parser.add_argument("--vault", metavar="DIR", help="the vault's folder")


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"needs a number from 1 on, got {text}")
    return int(text)


def _review(args: Namespace) -> int:
    vault = Vault.load(Path(args.vault) if args.vault else place.default_vault())
    schedule = Schedule.load(vault.root)
    if args.take:
        print(f"{schedule.merge(read(Path(args.take)))} reviews taken in")
        schedule.save()
    if args.export:
        write_atomic(Path(args.export), dump(schedule.cards))
        print(f"{len(schedule.cards)} reviews written to {args.export}")
    if args.take or args.export:
        return 0
    now = datetime.now(UTC)
    due = [card for card in cards(vault, args.lang, _path(vault, args.note)) if schedule.due(card.id, now)]
    due.sort(key=lambda card: schedule.is_new(card.id))  # what is known and fading before what is new
    if args.json:
        for card in due:
            print(json.dumps({**card._asdict(), "new": schedule.is_new(card.id)}, ensure_ascii=False))
        return 0
    if not due:
        print("nothing is due")
        return 0
    return _ask(vault.root, due[: args.count], len(due), schedule)


def _path(vault: Vault, name: str) -> str:
    if not name:
        return ""
    path = path_called(vault, name)
    if path not in vault.notes:
        raise CallError(Problem(name, 0, "no-note", "is no note of this vault"))
    return canonical(path)


def _ask(root: Path, chosen: list[Card], total: int, schedule: Schedule) -> int:
    """Ask card by card; each answer is kept at once, so that nothing is lost when the learner stops."""
    print(f"{len(chosen)} of {total} cards; Enter shows the answer, q stops")
    keys = {str(number): grade for number, grade in enumerate(GRADES, 1)} | {grade: grade for grade in GRADES}
    for number, card in enumerate(chosen, 1):
        print(f"\n[{number}/{len(chosen)}] {card.question}    ({path_here(root, card.path)}:{card.line})")
        if _line("") == "q":
            return 0
        print(f"    {card.answer}")
        answer = _line("1 again, 2 hard, 3 good, 4 easy: ")
        while answer not in keys:
            if answer == "q":
                return 0
            answer = _line("one of 1, 2, 3, 4, or q: ")
        now = datetime.now(UTC)
        due = schedule.grade(card.id, keys[answer], now)
        schedule.save()
        print(f"    again {_when((due - now).total_seconds())}")
    return 0


def _line(prompt: str) -> str:
    """What the learner types; the end of input stops."""
    print(prompt, end="", flush=True)
    text = sys.stdin.readline()
    return text.strip().lower() if text else "q"


def _when(seconds: float) -> str:
    minutes, days = round(seconds / 60), round(seconds / 86400)
    if days:
        return f"in {days} day{'s' if days > 1 else ''}"
    return (
        f"in {minutes} minute{'s' if minutes != 1 else ''}" if minutes < 120 else f"in {minutes // 60} hours"
    )


COMMANDS = (Command("review", "the cards that are due, asked in the terminal", _arguments, _review),)
