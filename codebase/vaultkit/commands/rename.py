"""`vaultkit rename`: rename or move a note, its language pair and every link to them."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vaultkit.command import Command
from vaultkit.commands.scope import load_scope
from vaultkit.errors import Problem
from vaultkit.rename import plan_rename
from vaultkit.terminal import path_here, problem_here
from vaultkit.vault import Vault


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", help='a note or another file: its name ("KV cache") or path')
    help_text = "its new name, a path from the vault's root (papers/New), or a folder (papers/)"
    parser.add_argument("new", metavar="NEW", help=help_text)
    parser.add_argument("vault", nargs="?", metavar="DIR", help="the vault's folder; default: the vault here")
    help_text = "do it; without this option only the changes are shown"
    parser.add_argument("--write", action="store_true", help=help_text)
    help_text = "change the first heading and the property `title` as well, where they are the old name"
    parser.add_argument("--title", action="store_true", help=help_text)


def _rename(args: Namespace) -> int:
    vault, _ = load_scope(args)
    plan = plan_rename(vault, _old(vault, args.old), args.new, title=args.title)
    for notice in plan.notices:
        print(problem_here(vault.root, notice), file=sys.stderr)
    if not args.write:
        print(plan.diff(), end="")
        print(f"{len(plan.moves)} files to move, {len(plan.texts)} to change; --write does it")
        return 0
    missed = plan.write()
    for path in missed:
        message = "was changed by somebody else at the same moment"
        print(problem_here(vault.root, Problem(path, 0, "busy", message, "mend it by hand")))
    for old, new in plan.moves.items():
        print(f"moved {path_here(vault.root, old)} -> {path_here(vault.root, new)}")
    print(f"{len(plan.moves)} files moved, {len(plan.texts) - len(missed)} changed")
    return 1 if missed else 0


def _old(vault: Vault, old: str) -> str:
    """The vault path of a file that is named as the shell names it, else `old` as it is."""
    root, file = vault.root.resolve(), Path(old).resolve()
    return file.relative_to(root).as_posix() if file.is_file() and file.is_relative_to(root) else old


COMMANDS = (Command("rename", "rename a note and every link to it", _arguments, _rename),)
