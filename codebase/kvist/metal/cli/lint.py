"""`kvist metal lint FILE...`: what Apple's compiler would refuse, told without it."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kvist.metal.cli.limit import limited
from kvist.metal.cli.text import add_text_options, checked_constants, source_of
from kvist.metal.lint import Linted, lint
from kvist.metal.preprocess import preprocess, require_folders
from kvist.metal.source import Source

CLEAN, WRONG = 0, 1
_EPILOG = """\
Three checks: rules (what the language forbids), address_spaces (types, parsed by the libclang package) and
vocabulary (called names, against the headers in the MLX wheel). One that cannot be made is named with its
reason. A note (no kernel in the file, textures that were not checked) is no problem. With several files
--json prints {"files": [...]}. Exit code: 0 nothing wrong, 1 problems, 2 wrong call or a file that cannot be
read, with --json {"error": "..."} on stdout."""


def add_lint(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser's subcommands."""
    text = "check that .metal files are valid Metal, without Apple's compiler"
    told = text[0].upper() + text[1:] + "."
    parser = commands.add_parser("lint", help=text, description=told, epilog=_EPILOG)
    parser.add_argument("files", nargs="+", metavar="FILE", help=".metal files")
    add_text_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_lint)


def run_lint(arguments: argparse.Namespace) -> int:
    """Print the problems; returns the exit code."""
    require_folders(arguments.include)
    several = []
    for file in arguments.files:
        with limited("metal lint"):
            source = source_of(file, arguments)
            several.append(lint(source, include=arguments.include))
            _require_constants(source, arguments)
    if arguments.json:
        results = [_result(done) for done in several]
        print(json.dumps(results[0] if len(results) == 1 else {"files": results}, indent=2))
    else:
        print("\n".join(_text(done, len(several) > 1) for done in several))
    return WRONG if any(done.problems for done in several) else CLEAN


def _require_constants(source: Source, arguments: argparse.Namespace) -> None:
    """KvistError for a value that no function constant of the text has or holds."""
    if arguments.constant:
        made = preprocess(source, [Path(folder) for folder in arguments.include])
        checked_constants(arguments.constant, made.module.constants, source.label)


def _result(done: Linted) -> dict[str, Any]:
    problems = [asdict(p) for p in done.problems]
    return {"file": done.file, "problems": problems, "checks": done.checks, "notes": list(done.notes)}


def _text(done: Linted, named: bool) -> str:
    lines = [str(p) for p in done.problems]
    lines += [f"{done.file}: {name} {state}" for name, state in done.checks.items() if state != "ran"]
    lines += [f"{done.file}: note: {note}" for note in done.notes]
    found = len(done.problems)
    told = "nothing wrong found" if not found else f"{found} problem{'s' if found > 1 else ''}"
    lines.append(f"{done.file}: {told}" if named else told)
    return "\n".join(lines)
