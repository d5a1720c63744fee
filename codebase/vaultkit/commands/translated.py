"""`vaultkit translated`: say that Chinese notes are up to date with their English ones."""

from argparse import ArgumentParser, Namespace

from vaultkit import place
from vaultkit.command import Command
from vaultkit.pairs import canonical
from vaultkit.run.select import select
from vaultkit.translations import stamp
from vaultkit.vault import Vault


def _arguments(parser: ArgumentParser) -> None:
    help_text = 'a name ("KV cache") or a file, of either language'
    parser.add_argument("notes", nargs="+", metavar="NOTE", help=help_text)


def _translated(args: Namespace) -> int:
    root, files = select(args.notes)
    vault = Vault.load(root)
    paths = [canonical(file.resolve().relative_to(root.resolve()).as_posix()) for file in files]
    for path in dict.fromkeys(paths):
        print(place.shown(stamp(vault, path)))
    return 0


COMMANDS = (Command("translated", "mark Chinese notes as up to date", _arguments, _translated),)
