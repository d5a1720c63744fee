"""The argument DIR of commands that read a vault: a vault, or a folder in one."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from vaultkit import place
from vaultkit.vault import Vault


def add_scope(parser: ArgumentParser) -> None:
    help_text = "the vault's folder, or a folder in it; default: the vault here"
    parser.add_argument("vault", nargs="?", metavar="DIR", help=help_text)
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")


def load_scope(args: Namespace) -> tuple[Vault, str]:
    """The whole vault, and the prefix of the paths that the command is to speak of."""
    if not args.vault:
        return Vault.load(place.default_vault()), ""
    folder = Path(args.vault)
    if not folder.is_dir():
        return Vault.load(folder), ""  # raises, saying so
    root = place.vault_of(folder)
    shown = folder if root == folder.resolve() else root
    return Vault.load(shown), place.part_of(root, folder)
