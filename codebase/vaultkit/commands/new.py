"""`vaultkit new`: scaffold a note pair."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from vaultkit import place
from vaultkit.command import Command
from vaultkit.new import FOLDERS, new_note
from vaultkit.vault import Vault


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("kind", choices=sorted(FOLDERS), help="the kind of note")
    parser.add_argument("title", help="the English title; it becomes the file's name")
    parser.add_argument("--zh", default="", metavar="TITLE", help="the Chinese title")
    parser.add_argument("--vault", metavar="DIR", help="the vault's folder")


def _new(args: Namespace) -> int:
    vault = Vault.load(Path(args.vault) if args.vault else place.default_vault())
    for file in new_note(vault, args.kind, args.title, args.zh):
        print(place.shown(file))
    return 0


COMMANDS = (Command("new", "write a new note and its Chinese pair from the skeleton", _arguments, _new),)
