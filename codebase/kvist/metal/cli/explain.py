"""`kvist metal explain FILE`: what the kernels of a file take, read, write and wait for."""

import argparse
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kvist.errors import KvistError
from kvist.metal.cli.limit import limited
from kvist.metal.cli.text import add_text_options, checked_constants, source_of
from kvist.metal.describe import explain_source
from kvist.metal.lint import Problem, lint
from kvist.metal.lint.problems import UNREADABLE
from kvist.metal.preprocess import preprocess, require_folders
from kvist.metal.source import Source

EXPLAINED, UNREAD = 0, 1
_EPILOG = """\
A text that cannot be read as Metal is not explained: its errors are printed as by `kvist metal lint`, and
with --json are "problems". What else is wrong, lint alone says. Exit code: 0 explained, 1 a text that cannot
be read, 2 a wrong call or a file that is not there, with --json {"error": "..."} on stdout."""


def add_explain(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser's subcommands."""
    text = "say what the kernels of a .metal file read, write and wait for"
    told = text[0].upper() + text[1:] + "."
    parser = commands.add_parser("explain", help=text, description=told, epilog=_EPILOG)
    parser.add_argument("file", metavar="FILE", help="a .metal file")
    add_text_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace) -> int:
    """Print it; returns the exit code."""
    require_folders(arguments.include)
    with limited("metal explain"):
        source = source_of(arguments.file, arguments)
        problems = [p for p in lint(source, include=arguments.include).problems if p.code in UNREADABLE]
        found = {} if problems else _explained(source, arguments.include, problems)
    if problems:
        return _unread(str(source.path), problems, arguments.json)
    declared = preprocess(source, [Path(folder) for folder in arguments.include]).module.constants
    values = checked_constants(arguments.constant, declared, source.label)
    for c in found["function_constants"]:
        c |= {"value": values[c["name"]]} if c["name"] in values else {}
    found["problems"] = []
    constants = [
        f"function constant {c['index']} {c['type']} {c['name']}"
        + (f" = {c['value']}" if "value" in c else "")
        for c in found["function_constants"]
    ]
    parts = [*(["\n".join(constants)] if constants else []), *map(_text, found["kernels"])]
    if not found["kernels"]:
        parts.append(f"{found['file']}: no kernels")
    print(json.dumps(found, indent=2) if arguments.json else "\n\n".join(parts))
    return EXPLAINED


def _explained(source: Source, include: list[str], problems: list[Problem]) -> dict[str, Any]:
    """What there is to say; an error of the text is added to the problems."""
    try:
        return explain_source(source, include=include)
    except KvistError as error:
        place = re.fullmatch(r"(.+):(\d+)", error.where)
        message = f"need {error.need}, got {error.got}"
        file = place[1] if place and place[1] != source.label else str(source.path)
        problems.append(Problem(int(place[2]) if place else 1, 1, "syntax", message, error.hint, file=file))
        return {}


def _unread(file: str, wrong: list[Problem], as_json: bool) -> int:
    if as_json:
        problems = [asdict(p) for p in wrong]
        print(
            json.dumps(
                {"file": file, "kernels": [], "function_constants": [], "problems": problems}, indent=2
            )
        )
    else:
        found = f"{len(wrong)} problem{'s' if len(wrong) > 1 else ''}"
        print("\n".join([*map(str, wrong), f"{file}: not explained: {found}"]))
    return UNREAD


def _text(kernel: dict[str, Any]) -> str:
    head = f"kernel {kernel['name']} (line {kernel['line']})"
    if kernel["template"]:
        parameters = [f"{t['kind']} {t['name']}" for t in kernel["template"]]
        head += f", template <{', '.join(parameters)}>"
    lines = [head, *(f"  instance   {name}" for name in kernel["instances"])]
    for a in kernel["arguments"]:
        if a["attribute"] in ("buffer", "threadgroup"):
            verbs = " and ".join(v for v in ("reads", "writes") if a[v]) or "does not use"
            const = "const " if a["const"] and a["space"] != "constant" else ""
            mark = "*" if a["pointer"] else "&"
            kind = f"{a['space']} {const}{a['type']}{mark}"
            place = f"{a['attribute']} {a['index']}"
            lines.append(f"  {place:<11} {kind} {a['name']}: {verbs}")
        else:
            lines.append(f"  {a['attribute']} {a['type']} {a['name']}")
    for t in kernel["threadgroup"]:
        size = f"{t['bytes']} bytes" if t["bytes"] is not None else "size not told by the text"
        lines.append(f"  threadgroup memory {t['name']}: {t['type']}, {size} (line {t['line']})")
    titles = {"barriers": "barriers", "SIMD functions": "simd_operations", "atomics": "atomic_operations"}
    for title, key in titles.items():
        calls = ", ".join(f"{c['name']} (line {c['line']})" for c in kernel[key])
        lines.append(f"  {title}: {calls or 'none'}")
    return "\n".join(lines)
