"""`vaultkit try`: check your own solution of a note's exercise."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from vaultkit import place
from vaultkit.command import Command
from vaultkit.lists.exercises import attempt, exercise_of, exercises
from vaultkit.lists.solved import Solved
from vaultkit.vault import Vault


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("note", nargs="?", default="", help="the note; without one, all exercises are listed")
    parser.add_argument("--vault", metavar="DIR", help="the vault's folder")


def _try(args: Namespace) -> int:
    vault = Vault.load(Path(args.vault) if args.vault else place.default_vault())
    if not args.note:
        return _list(vault)
    made = attempt(vault, exercise_of(vault, args.note))
    shown = place.shown(made.file)
    if made.started:
        print(f"{shown} is yours: read it, write it, then run this again")
        return 0
    for check in made.checks:
        print(
            f"{'ok  ' if check.ok else 'NO  '}{check.name}"
            + (f"\n        {check.message}" if check.message else "")
        )
    print(f"solved: {shown}; `vaultkit progress` counts it" if made.solved else f"not solved yet: {shown}")
    return 0 if made.solved else 1


def _list(vault: Vault) -> int:
    record = Solved.load(vault.root)
    for note in exercises(vault):
        name = note.properties["exercise"]
        state = "solved" if record.holds(name) else "begun" if record.solution(name).exists() else "open"
        print(f"{state:7} {note.stem}")
    if not exercises(vault):
        print("no note of this vault has an exercise")
    return 0


COMMANDS = (Command("try", "check your own solution of a note's exercise", _arguments, _try),)
