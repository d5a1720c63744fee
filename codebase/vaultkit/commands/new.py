"""`vaultkit new`: scaffold a note pair."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from vaultkit import place
from vaultkit.command import Command
from vaultkit.errors import CallError, Problem
from vaultkit.new import FOLDERS, new_note, new_session
from vaultkit.vault import Vault


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("kind", choices=[*sorted(FOLDERS), "session"], help="the kind of note")
    help_title = "the English title, which becomes the file's name; of a session the day, default: today"
    parser.add_argument("title", nargs="?", default="", help=help_title)
    parser.add_argument("--zh", default="", metavar="TITLE", help="the Chinese title")
    parser.add_argument("--vault", metavar="DIR", help="the vault's folder")


def _new(args: Namespace) -> int:
    vault = Vault.load(Path(args.vault) if args.vault else place.default_vault())
    if args.kind == "session":
        print(place.shown(new_session(vault, args.title)))
        return 0
    if not args.title.strip():
        hint = f'vaultkit new {args.kind} "Logit lens"'
        raise CallError(Problem(f"vaultkit new {args.kind}", 0, "no-title", "needs a title", hint))
    for file in new_note(vault, args.kind, args.title, args.zh):
        print(place.shown(file))
    return 0


COMMANDS = (Command("new", "write a new note and its Chinese pair from the skeleton", _arguments, _new),)
