"""`vaultkit export`: any vault as plain Markdown that MkDocs or Zensical builds."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vaultkit.command import Command
from vaultkit.errors import VaultError, no_folder
from vaultkit.site.export import export
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.terminal import problem_here


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("vault", metavar="DIR", help="the vault's folder, which is only read")
    parser.add_argument("out", metavar="OUT", help="a new or empty folder, or a former export")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.epilog = (
        "Exit code 0: all was exported; 1: what is named could not be read or rendered, "
        "the rest was exported; 2: OUT is in use or there is no DIR, nothing was written. "
        "--json: out, languages (of the pages), pages and files (how many), problems (as `check --json`), "
        "unresolved (how many links and embeds lead nowhere)."
    )


def _export(args: Namespace) -> int:
    vault, out = Path(args.vault), Path(args.out)
    try:
        if not vault.is_dir():
            raise no_folder(vault)
        done = export(vault, out)
    except VaultError as error:
        print(error, file=sys.stderr)
        return 2
    if args.json:
        found = [problem.as_dict() for problem in done.problems]
        result = {"out": str(out), "languages": done.languages, "pages": done.pages, "files": done.files}
        unresolved = done.unresolved._asdict()
        print(json.dumps({**result, "problems": found, "unresolved": unresolved}, ensure_ascii=False))
        return 1 if done.problems else 0
    for problem in done.problems:
        print(problem_here(vault, problem), file=sys.stderr)
    if any(done.unresolved):
        print(
            f"{vault}: warning: unresolved {done.unresolved} (hint: `vaultkit links {vault}`)",
            file=sys.stderr,
        )
    configs = [config for config in map(Layout(out).config, LANGUAGES) if config.is_file()]
    builds = [f"mkdocs build -f {config}" for config in configs]  # the second site stands in the first
    print(f"{done.pages} pages exported to {out}; Material for MkDocs builds them: {' && '.join(builds)}")
    return 1 if done.problems else 0


COMMANDS = (Command("export", "write a vault as plain Markdown with a mkdocs.yml", _arguments, _export),)
