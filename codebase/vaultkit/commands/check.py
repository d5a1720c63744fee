"""`vaultkit check`: the lint."""

import json
from argparse import ArgumentParser, Namespace
from importlib import import_module
from importlib.util import find_spec

from vaultkit.check import check_vault
from vaultkit.check.fix import fix
from vaultkit.command import Command
from vaultkit.commands.scope import add_scope, load_scope
from vaultkit.errors import Problem
from vaultkit.terminal import path_here, problem_here, text_here
from vaultkit.vault import Vault


def _check_arguments(parser: ArgumentParser) -> None:
    add_scope(parser)
    parser.epilog = (
        "Exit code 0: no error, warnings or none; 1: an error. --json: one object: problems, a list of "
        "objects with path, line (1-based, 0: the whole file), code, message, hint and severity (error or "
        "warning), and fixed, the paths that --fix changed."
    )
    help_text = "mend aliases as targets, and carry code and ticks over to Chinese notes"
    parser.add_argument("--fix", action="store_true", help=help_text)


def _problems(vault: Vault) -> list[Problem]:
    """What the lint says, and what else a build of the site would stop at."""
    found = check_vault(vault)
    if find_spec("vaultkit.site"):  # it may be left out of an installation
        found += import_module("vaultkit.site.refused").refused(vault)
    return sorted(set(found), key=lambda problem: (problem.path, problem.line, problem.code, problem.message))


def _check(args: Namespace) -> int:
    vault, part = load_scope(args)
    changed = fix(vault, part) if args.fix else []
    vault = Vault.load(vault.root) if changed else vault
    problems = [problem for problem in _problems(vault) if problem.path.startswith(part)]
    errors = [problem for problem in problems if problem.severity == "error"]
    if args.json:
        found = [problem.as_dict() for problem in problems]
        print(
            json.dumps(
                {"problems": found, "fixed": list(dict.fromkeys(one.path for one in changed))},
                ensure_ascii=False,
                indent=1,
            )
        )
        return 1 if errors else 0
    for done in changed:
        shown = done._replace(path=path_here(vault.root, done.path), words=text_here(vault.root, done.words))
        print(f"fixed {shown}")
    for problem in problems:
        print(problem_here(vault.root, problem))
    notes = f"{sum(path.startswith(part) for path in vault.notes)} notes"
    print(
        f"{notes}, {len(errors)} errors, {len(problems) - len(errors)} warnings"
        if problems
        else f"{notes}, all well"
    )
    return 1 if errors else 0


COMMANDS = (
    Command(
        "check", "lint the vault: links, properties, skeleton, languages, lists", _check_arguments, _check
    ),
)
