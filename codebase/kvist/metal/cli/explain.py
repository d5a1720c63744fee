"""`kvist metal explain FILE`: what the kernels of a file take, read, write and wait for."""

import argparse
import json
from pathlib import Path
from typing import Any

from kvist.metal.describe import explain_source


def add_explain(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser's subcommands."""
    text = "say what the kernels of a .metal file read, write and wait for"
    parser = commands.add_parser("explain", help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("file", metavar="FILE", help="a .metal file")
    parser.add_argument("-I", "--include", action="append", default=[], metavar="DIR", help="for #include")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace) -> int:
    """Print it; returns the exit code."""
    found = explain_source(Path(arguments.file), include=arguments.include)
    constants = [
        f"function constant {c['index']} {c['type']} {c['name']}" for c in found["function_constants"]
    ]
    parts = [*(["\n".join(constants)] if constants else []), *map(_text, found["kernels"])]
    if not found["kernels"]:
        parts.append(f"{found['file']}: no kernels")
    print(json.dumps(found, indent=2) if arguments.json else "\n\n".join(parts))
    return 0


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
