"""The subcommands of `kvist metal`. Each module has one function that adds its own."""

import argparse
from collections.abc import Callable

from kvist.metal.cli.explain import add_explain
from kvist.metal.cli.lint import add_lint
from kvist.metal.cli.run import add_run

SUBCOMMANDS: tuple[Callable[[argparse._SubParsersAction], None], ...] = (add_run, add_explain, add_lint)


def add_metal(parser: argparse.ArgumentParser) -> None:
    """Add `run`, `explain`, `lint` and whatever else there is to the parser of `kvist metal`."""
    commands = parser.add_subparsers(title="commands", required=True, dest="metal_command", metavar="COMMAND")
    for add in SUBCOMMANDS:
        add(commands)
