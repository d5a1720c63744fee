"""The command `vaultkit`."""

import os
import sys
from argparse import ArgumentParser
from importlib import import_module
from importlib.util import find_spec

from vaultkit.command import Command
from vaultkit.commands import check, coverage, lists, new, run, translated
from vaultkit.errors import VaultError

_TABLES: list[tuple[Command, ...]] = [
    check.COMMANDS,
    run.COMMANDS,
    coverage.COMMANDS,
    new.COMMANDS,
    lists.COMMANDS,
    translated.COMMANDS,
]
if find_spec("vaultkit.site.commands"):  # the site may be left out of an installation
    _TABLES.append(import_module("vaultkit.site.commands").COMMANDS)


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; exit codes: 0 done, 1 something is wrong with the vault, 2 a wrong call."""
    parser = ArgumentParser(prog="vaultkit", description="The tools of the vault.")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for table in _TABLES:
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
