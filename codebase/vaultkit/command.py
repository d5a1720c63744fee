"""What a subcommand of `vaultkit` is."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import NamedTuple


class Command(NamedTuple):
    """`run` returns the exit code: 0 done, 1 something is wrong with the vault, 2 a wrong call."""

    name: str
    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
