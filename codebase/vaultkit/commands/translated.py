"""`vaultkit translated`: say that Chinese notes are up to date with their English ones."""

import sys
from argparse import ArgumentParser, Namespace

from vaultkit import place
from vaultkit.command import Command
from vaultkit.errors import Problem, VaultError
from vaultkit.pairs import canonical, translated
from vaultkit.run.select import select
from vaultkit.terminal import problem_here
from vaultkit.translations import stamp, unwritten
from vaultkit.vault import Vault


def _arguments(parser: ArgumentParser) -> None:
    help_text = 'a name ("KV cache") or a file, of either language'
    parser.add_argument("notes", nargs="+", metavar="NOTE", help=help_text)
    help_text = "also a note of which most sections are still empty"
    parser.add_argument("--force", action="store_true", help=help_text)


def _translated(args: Namespace) -> int:
    root, files = select(args.notes)
    vault = Vault.load(root)
    paths = [canonical(file.resolve().relative_to(root.resolve()).as_posix()) for file in files]
    refused = []
    for path in dict.fromkeys(paths):
        try:
            file = stamp(vault, path, force=args.force)
        except VaultError as error:
            refused += error.problems
            continue
        print(place.shown(file))
        if empty := unwritten(vault, path)[0]:
            message = f"marked, but nothing stands below {', '.join(f'`## {name}`' for name in empty)}"
            warning = Problem(translated(path), 0, "untranslated", message, severity="warning")
            print(problem_here(root, warning), file=sys.stderr)
    if refused:
        raise VaultError(refused)
    return 0


COMMANDS = (Command("translated", "mark Chinese notes as up to date", _arguments, _translated),)
