"""`vaultkit run`: the verdict on notes. Nothing heavy is imported until a note has to be run."""

from __future__ import annotations

import gc
import json
import os
import sys
from importlib import import_module

from vaultkit import where
from vaultkit.files import LINKS, UNLISTED
from vaultkit.run.cache import RunCache
from vaultkit.run.notereport import NoteReport
from vaultkit.run.recall import is_plain, recall, renewed
from vaultkit.run.results import engine_digest, record
from vaultkit.run.scope import Rows, Scope, WrongCall, no_engine, scope_of

FLAGS = ("--json", "--why", "--brief", "--no-cache")


class Options:
    """What was asked for: notes by name, the folder of the engine, and the flags that were set."""

    __slots__ = ("engine", "flags", "names")

    def __init__(self, names: list[str], engine: str, flags: set[str]) -> None:
        self.names = names
        self.engine = engine
        self.flags = flags


def options(arguments: list[str]) -> Options | None:
    """The plain forms of a call; None for all others, which argparse understands or explains."""
    found = Options([], "", set())
    rest = iter(arguments)
    for word in rest:
        if word in FLAGS:
            found.flags.add(word)
        elif word == "--engine":
            found.engine = next(rest, "")
            if not found.engine or found.engine.startswith("-"):
                return None
        elif word.startswith("-") or not word:
            return None
        else:
            found.names.append(word)
    return found


def run(asked: Options) -> int:
    """Exit code: 0 all as the notes say, 1 something is not, 2 there is no such folder or note."""
    try:
        use_engine(asked.engine)
        scope = scope_of(asked.names)
    except WrongCall as error:
        print(error, file=sys.stderr)
        return 2
    cache = RunCache(scope.root, dict(os.environ))
    cache.files = dict(scope.rows)
    if cache.fault:
        print(f"{where.shown(cache.file)} {cache.fault}: it is ignored, and written anew", file=sys.stderr)
    teller = _Teller(asked.flags, scope)
    for path, what in sorted(scope.passed):
        if what in LINKS and not teller.json:
            print(f"{teller.shown(path)}: warning: symbolic-link {what}", file=sys.stderr)
        elif what.startswith(UNLISTED):
            print(f"{teller.shown(path)}: warning: unreadable {what}", file=sys.stderr)
    engine = engine_digest(scope.root, cache.fingerprints)
    reports = [recall(cache, path, file) for path, file in scope.rows]
    holds = all(
        report.reused or is_plain(cache, *row) for report, row in zip(reports, scope.rows, strict=True)
    )
    if holds and "--no-cache" not in asked.flags:
        for report in reports:
            teller.show(report)
        record(scope.root, {r.path: renewed(cache, r.path, engine) for r in reports if r.reused})
        fault = cache.save({}, [], [])
    else:
        return _run(cache, scope.rows, engine, teller, force="--no-cache" in asked.flags)
    if fault:
        print(fault, file=sys.stderr)
    return teller.end(reports)


def _run(cache: RunCache, rows: Rows, engine: str, teller: _Teller, *, force: bool) -> int:
    """Run notes, those after one that ends the process in another."""
    gc.disable()  # what is imported and read now stays; notes start with all of it out of the way
    done: list[NoteReport] = []
    guard = None
    guards = import_module("vaultkit.run.guard").Guard
    while guards.possible():
        guard = guards()
        if not guard.child:
            break
        ended = guard.wait()
        if isinstance(ended, int):
            return ended
        done += ended.done
        rows = rows[len(ended.done) :]
        if not rows:
            how = import_module("vaultkit.run.death").how(ended)
            print(
                f"the process died when all notes had been run, nothing is remembered: {how}", file=sys.stderr
            )
            return max(teller.end(done), 1)
        done.append(import_module("vaultkit.run.death").dead(cache, rows[0], ended, engine))
        teller.show(done[-1])
        rows = rows[1:]
        if not rows:
            return teller.end(done)
    if guard is None and where.program:
        import_module("vaultkit.run.guard").keep_apart()
    show = guard.telling(teller.show) if guard else teller.show
    told = guard.at if guard else None
    run_rows = import_module("vaultkit.run.quick").run_rows
    try:
        reports, fault = run_rows(cache, rows, engine, show, force=force, told=told)
    except BrokenPipeError:
        raise
    except Exception as error:
        if not guard:
            raise
        guard.failed(error)
        os._exit(1)  # what Python does at its end may fail like this as well
    if fault:
        print(fault, file=sys.stderr)
    code = teller.end([*done, *reports])
    if guard:
        guard.over(code)
    return code


def use_engine(folder: str) -> None:
    """Put a folder first on the import path of the blocks; of a package, its parent comes second."""
    where.engine.clear()
    if not folder:
        return
    if not os.path.isdir(folder):
        raise WrongCall(no_engine(folder))
    where.engine.append(folder)
    path = os.path.abspath(folder)
    own = [path, os.path.dirname(path)] if os.path.isfile(os.path.join(path, "__init__.py")) else [path]
    sys.path[:] = own + [entry for entry in sys.path if entry not in own]


class _Teller:
    """Prints reports as they come, and what they add up to."""

    def __init__(self, flags: set[str], scope: Scope) -> None:
        self.json = "--json" in flags
        self.why = "--why" in flags
        self.brief = "--brief" in flags
        self.named = scope.named
        self.root = scope.root

    def shown(self, path: str) -> str:
        return where.shown(os.path.join(self.root, path)).replace(os.sep, "/")

    def show(self, report: NoteReport) -> None:
        if self.json:
            print(json.dumps(report.as_dict(), ensure_ascii=False), flush=not report.reused)
            return
        plain = report.ok and not report.blocks
        if (self.brief and (report.reused or plain)) or (plain and not self.named):
            return
        shown = self.shown(report.path)
        lines = [report.line(shown)]
        if self.why and report.why and report.blocks:
            lines.append(f"       {'reused' if report.reused else 'run'} because {report.why}")
        lines += [f"       skipped {shown}:{line}: {reason}" for line, reason in report.skipped]
        print("\n".join([*lines, *report.texts]), flush=not report.reused)

    def end(self, reports: list[NoteReport]) -> int:
        failed = sum(not report.ok for report in reports)
        if not self.json:
            shown = [report for report in reports if report.blocks or not report.ok or self.named]
            blocks = sum(report.blocks for report in shown)
            tail = ", all as the notes say" if blocks else ": nothing to run"
            tail = f", {failed} FAILED" if failed else tail
            ran = sum(not report.reused for report in shown)
            reused = f" ({ran} run, {len(shown) - ran} reused)" if ran < len(shown) else ""
            died = [report.path for report in reports if report.died]
            others = f"; the other {len(reports) - len(died)} were run" if len(reports) > len(died) else ""
            if died:
                print(f"the process died in {', '.join(self.shown(path) for path in died)}{others}")
            print(f"{len(shown)} notes, {blocks} blocks{tail}{reused}")
        return 1 if failed else 0
