"""`vaultkit build` and `vaultkit serve` for the command line; imports nothing heavy."""

import argparse
import sys
from functools import partial
from pathlib import Path

from vaultkit.command import Command
from vaultkit.site.build import build
from vaultkit.site.outputs import cards
from vaultkit.site.paths import Layout, find_root
from vaultkit.site.serve import serve


def _root_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root", type=Path, default=None, help="folder with mkdocs.yml (default: found upwards)"
    )


def _build_arguments(parser: argparse.ArgumentParser) -> None:
    _root_option(parser)
    parser.add_argument(
        "--strict", dest="strict", action="store_true", help="a problem stops the build (default)"
    )
    parser.add_argument("--no-strict", dest="strict", action="store_false", help="build in spite of problems")
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    parser.set_defaults(strict=True)


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    _root_option(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--run",
        dest="run_notes",
        action="store_true",
        help="meanwhile run the notes without a true badge (executes their code)",
    )


def _port(text: str) -> int:
    if text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"need a port from 0 to 65535, got {text!r}")


def _layout(root: Path | None) -> Layout | None:
    layout = Layout((root or find_root()).resolve())
    if layout.config("en").is_file() and layout.vault.is_dir():
        return layout
    say(
        f"[site] need a folder with mkdocs.yml and vault/, got {layout.root}. "
        "hint: run inside the project; `vaultkit export` makes a site of any other vault"
    )
    return None


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _build(arguments: argparse.Namespace) -> int:
    layout = _layout(arguments.root)
    if layout is None:
        return 2
    report = build(layout, mode="strict" if arguments.strict else "lenient", force=arguments.force)
    for problem in report.problems:
        say(problem)
    if not report.ok:
        say(f"not built: {len(report.problems)} problem(s); {layout.site.name}/ is as it was")
        return 1
    if told := cards.draw(layout):
        say(told)
    state = "built" if report.built else "up to date"
    print(f"{report.pages} pages {state} in {report.seconds:.1f} s: {layout.site}")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    layout = _layout(arguments.root)
    if layout is None:
        return 2
    say = partial(print, flush=True)
    return serve(layout, arguments.host, arguments.port, say, run_notes=arguments.run_notes)


COMMANDS = (
    Command("build", "build the site into site/: both languages, with search", _build_arguments, _build),
    Command("serve", "build the site if needed and serve it with live reload", _serve_arguments, _serve),
)
