"""The whole build: stage both languages, render and index each side by side, publish the result.

A build that fails leaves the published site as it was; a build for which nothing changed does nothing.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

from vaultkit.errors import Problem, VaultError
from vaultkit.site.clock import build_day
from vaultkit.site.fingerprint import fingerprint
from vaultkit.site.outputs.cards import FOLDER as CARDS
from vaultkit.site.paths import LANGUAGES, Language, Layout
from vaultkit.site.publish import publish
from vaultkit.site.stage import Staged, stage_all
from vaultkit.site.state import Mode, State, load, one_builder, passed, save, stops
from vaultkit.terminal import text_here

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_COMPLAINT = re.compile(r"(?:WARNING|ERROR)\s+-?\s*(.*)")
INDEX = "search"  # folder of the search index in each half


Staging = Callable[[Layout, tuple[Language, ...]], tuple[list[Staged], list[Problem]]]


@dataclass
class Report:
    """What a build did: `built` is false when the site was already up to date or when problems stopped it."""

    ok: bool
    built: bool
    seconds: float = 0.0
    pages: int = 0
    problems: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # those of them that stop a draft


def build(
    layout: Layout, *, mode: Mode = "strict", force: bool = False, staging: Staging = stage_all
) -> Report:
    """Build the site if anything it depends on changed; `mode` says which problems stop it. staging: writes
    the trees, and says what it wrote and what is wrong.
    """
    started = perf_counter()
    with one_builder(layout):
        key = fingerprint(layout)
        known = load(layout)
        if not force and known.satisfies(key, mode) and is_complete(layout):
            seconds = perf_counter() - started
            return Report(True, False, seconds, known.pages, known.problems, known.faults)
        report = _build(layout, key, mode, staging)
    report.seconds = perf_counter() - started
    return report


def is_complete(layout: Layout) -> bool:
    """True if both halves and their search indexes are there: plain `mkdocs build` makes no index."""
    needed = ("index.html", f"{INDEX}/index.bin")
    return all((layout.site / half / file).is_file() for half in ("", "zh") for file in needed)


def _build(layout: Layout, key: str, mode: Mode, staging: Staging) -> Report:
    try:
        trees, found = staging(layout, LANGUAGES)
    except VaultError as error:
        lines = [str(problem) for problem in error.problems]
        return Report(False, False, problems=lines, faults=lines)
    problems = [shown(layout, problem) for problem in found]
    faults = faults_of(layout, found)
    if any(stops(problem, mode) for problem in found):
        return Report(False, False, problems=problems, faults=faults)
    complaints = _render(layout, mode)
    done = [language for language in LANGUAGES if (layout.html(language) / "index.html").is_file()]
    with ThreadPoolExecutor(len(LANGUAGES)) as pool:
        complaints += [line for lines in pool.map(partial(index, layout), done) for line in lines]
    problems += complaints
    faults += complaints
    if len(done) < len(LANGUAGES) or (mode != "lenient" and complaints):
        return Report(False, False, problems=problems, faults=faults)
    publish_all(layout)
    pages = sum(path.endswith(".md") for tree in trees for path in tree.files)
    day = str(build_day()) if any(tree.dated for tree in trees) else ""
    save(layout, State(key, passed(found, complaints), pages, problems, faults, day))
    return Report(True, True, pages=pages, problems=problems, faults=faults)


def publish_all(layout: Layout) -> None:
    """Bring both halves into the site."""
    publish(layout.html("en"), layout.site, keep=("zh", CARDS))
    publish(layout.html("zh"), layout.site / "zh")


def shown(layout: Layout, problem: Problem) -> str:
    """The problem with its path, and those in its words, as seen from the project, as `vaultkit check` there
    has it: `vault/concepts/KV cache.md:12: …`.
    """
    if problem.path.startswith("["):
        return str(problem)
    folder = layout.vault.relative_to(layout.root).as_posix()
    show = partial("{}/{}".format, folder)
    message, hint = (text_here(layout.vault, text, show) for text in (problem.message, problem.hint))
    return str(problem._replace(path=show(problem.path), message=message, hint=hint))


def faults_of(layout: Layout, problems: list[Problem]) -> list[str]:
    """Those of the problems that stop a draft, as they are shown."""
    return [shown(layout, problem) for problem in problems if stops(problem, "draft")]


def _render(layout: Layout, mode: Mode) -> list[str]:
    """MkDocs for both languages; what it complained about."""
    command = ["vaultkit.site.render", "--no-strict" if mode == "lenient" else "--strict"]
    for language in LANGUAGES:
        (layout.html(language) / "index.html").unlink(
            missing_ok=True
        )  # its presence means: made by this build
        command += [str(layout.config(language)), str(layout.html(language))]
    complaints = _run(command, layout.root)
    missing = [name for name in LANGUAGES if not (layout.html(name) / "index.html").is_file()]
    if missing and not complaints:
        return [f"[site] MkDocs made no {name} pages. hint: run `mkdocs build -v`" for name in missing]
    return complaints


def index(layout: Layout, language: Language, *, gently: bool = False) -> list[str]:
    """Make the search index of what was built of one language; complaints. gently: let others go first."""
    return _run(["vaultkit.site.search", str(layout.html(language))], layout.root, gently=gently)


def environment() -> dict[str, str]:
    """That of the processes that make a site."""
    return os.environ | {
        "KVIST_STAGED": "1",
        "NO_MKDOCS_2_WARNING": "1",
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
    }


def _run(command: list[str], root: Path, *, gently: bool = False) -> list[str]:
    """Run a Python module as a child; its warnings and errors, or its last words if it failed without any."""
    line = [sys.executable, "-m", *command]
    if gently and (nice := shutil.which("nice")):
        line = [nice, *line]
    done = subprocess.run(line, cwd=root, env=environment(), capture_output=True, text=True, check=False)
    output = _ANSI.sub("", done.stderr + done.stdout)
    lines = [found[1] for line in output.splitlines() if (found := _COMPLAINT.match(line.strip()))]
    if done.returncode and not lines:
        last = [line for line in output.splitlines() if line.strip()][-3:]
        lines = [f"[site] {command[0]} failed: {' / '.join(last) or 'no message'}"]
    return lines
