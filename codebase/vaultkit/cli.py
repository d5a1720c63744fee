"""The command `vaultkit`."""

import os
import sys
from argparse import ArgumentParser
from importlib import import_module
from importlib.util import find_spec

from vaultkit.command import Command
from vaultkit.errors import VaultError

# Where each command stands. Only the one that is called is imported, for `vaultkit run` must be quick.
_MODULES = {
    "vaultkit.commands.check": ("check",),
    "vaultkit.commands.links": ("links",),
    "vaultkit.commands.rename": ("rename",),
    "vaultkit.commands.run": ("run", "watch", "update", "census"),
    "vaultkit.commands.new": ("new",),
    "vaultkit.commands.lists": ("next", "done", "progress"),
    "vaultkit.commands.exercises": ("try",),
    "vaultkit.commands.review": ("review",),
    "vaultkit.commands.coverage": ("coverage",),
    "vaultkit.commands.translated": ("translated",),
    "vaultkit.commands.structure": ("structure",),
    "vaultkit.site.commands": (),  # the site may be left out of an installation
}


def _tables(called: str) -> list[tuple[Command, ...]]:
    """The commands of the module that holds the command `called`; those of all modules for any other word."""
    names = [module for module, commands in _MODULES.items() if called in commands]
    return [import_module(name).COMMANDS for name in names or _MODULES if find_spec(name)]


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; exit codes: 0 done, 1 something is wrong with the vault, 2 a wrong call."""
    parser = ArgumentParser(prog="vaultkit", description="The tools of the vault.")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    argv = sys.argv[1:] if argv is None else argv
    for table in _tables(argv[0] if argv else ""):
        for command in table:
            sub = subparsers.add_parser(command.name, help=command.help, description=command.help)
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except VaultError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
