"""`vaultkit links`: every link of a vault and where it leads, for people and for other tools.

With --json one object a line, keys:

    source      vault path of the note (as all paths: posix, relative to the vault, composed Unicode)
    line        1-based line of the file, also for a link in the front matter
    kind        link `[[x]]` · embed `![[x]]` or `![](x)` · markdown `[t](x)` · frontmatter (in a property)
    text        the link as it stands in the note
    linkpath    what it names, without subpath and display text, percent-decoded
    target      vault path of the file that is meant, null if there is none
    subpath     what follows the first `#`, without it; "" if there is none
    subpath_ok  whether the target has that heading, block or footnote (true for files that are no notes);
                null without a subpath or a target
    ambiguous   true if several files fit equally well and the choice is arbitrary
"""

import json
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator

from vaultkit.command import Command
from vaultkit.commands.online import add_online, online
from vaultkit.commands.scope import add_scope, load_scope
from vaultkit.errors import Problem
from vaultkit.links import Link
from vaultkit.note import Note
from vaultkit.resolve import resolve, resolve_subpath
from vaultkit.terminal import path_here, problem_here
from vaultkit.vault import Vault

_READING = ("unreadable", "encoding")


def _links(args: Namespace) -> int:
    vault, part = load_scope(args)
    for problem in _unread(vault):
        if problem.path.startswith(part) and not (args.json and problem.code == "symbolic-link"):
            print(problem if args.json else problem_here(vault.root, problem), file=sys.stderr)
    for path, note in sorted({**vault.notes, **vault.templates}.items()):
        if not path.startswith(part):
            continue
        for link in note.links:
            row = link_row(vault, note, link)
            if args.json:
                print(json.dumps(row, ensure_ascii=False))
            else:
                text = " ".join(link.raw.split("\n"))
                where = f"{path_here(vault.root, path)}:{link.line}"
                target = path_here(vault.root, str(row["target"])) if row["target"] else "UNRESOLVED"
                print(f"{where}: {link.kind} {text} -> {target}")
    return 0  # a list; `vaultkit check` judges


def link_row(vault: Vault, note: Note, link: Link) -> dict[str, object]:
    """What `links --json` prints of one link."""
    found = resolve(vault, link.target, note.path)
    subpath_ok = None
    if link.subpath and found.path:
        target = vault.note(found.path)
        subpath_ok = target is None or resolve_subpath(target, link.subpath) is not None
    return {
        "source": note.path,
        "line": link.line,
        "kind": link.kind,
        "text": link.raw,
        "linkpath": link.target,
        "target": found.path,
        "subpath": link.subpath,
        "subpath_ok": subpath_ok,
        "ambiguous": found.ambiguous,
    }


def _unread(vault: Vault) -> Iterator[Problem]:
    yield from vault.problems
    for note in (*vault.notes.values(), *vault.templates.values()):
        yield from (problem for problem in note.problems if problem.code in _READING)


def _arguments(parser: ArgumentParser) -> None:
    add_scope(parser)
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = (__doc__ or "").partition("\n\n")[2]
    parser.add_argument(
        "--online", action="store_true", help="ask the web addresses instead: which are dead?"
    )
    add_online(parser)


def _run(args: Namespace) -> int:
    return online(args) if args.online else _links(args)


COMMANDS = (Command("links", "list every link and where it leads", _arguments, _run),)
