"""Parse a call with argparse, and run the one command it names."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import NoReturn

from vaultkit import where
from vaultkit.command import Command
from vaultkit.errors import CallError, VaultError
from vaultkit.terminal import lines_here


def call(argv: list[str], modules: Mapping[str, tuple[str, ...]]) -> int:
    """`modules` names the commands of each module that has some; () if they are not known without it."""
    parser = _Parser(prog="vaultkit", description="The tools of the vault.")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    parsers: dict[str, ArgumentParser] = {}
    for table in _tables(argv[0] if argv else "", modules):
        for command in table:
            sub = parsers[command.name] = subparsers.add_parser(
                command.name, help=command.help, description=command.help
            )
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
    if argv and argv[0] not in parsers and argv[0][:1] != "-":
        parser.error(f"`{argv[0]}` is not a command{_near(argv[0], list(parsers))}")
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        parsers[args.command].error(f"does not know {' '.join(unknown)}")
    try:
        return args.run(args)
    except VaultError as error:
        print(lines_here(_root(args), error.problems), file=sys.stderr)
        return 2 if isinstance(error, CallError) else 1


class _Parser(ArgumentParser):
    """Says what is wrong with a call as commands do: where, what, and where to look."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: wrong-call {message} (hint: {self.prog} --help)\n")


def _near(word: str, names: list[str]) -> str:
    near = import_module("difflib").get_close_matches(word, names, 1)  # dear to import, and seldom needed
    return f", did you mean `{near[0]}`?" if near else f": {', '.join(names)}"


def _root(args: Namespace) -> str:
    """The vault that a command was about, as far as its arguments tell."""
    named = getattr(args, "vault", None) or next(iter(getattr(args, "notes", None) or []), "")
    return where.vault_of(str(named)) if named and os.path.exists(named) else where.default_vault()


def _tables(called: str, modules: Mapping[str, tuple[str, ...]]) -> list[tuple[Command, ...]]:
    """The commands of the module that holds the command `called`; those of all modules for any other word."""
    names = [module for module, commands in modules.items() if called in commands]
    return [import_module(name).COMMANDS for name in names or modules if find_spec(name)]
