"""Which notes run which public names of the engine, as far as their text tells."""

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from vaultkit import place
from vaultkit.api.explained import explained
from vaultkit.api.names import Engine
from vaultkit.api.read import read_engine
from vaultkit.api.uses import uses
from vaultkit.memo import Memo
from vaultkit.note import Note
from vaultkit.run.program import program_of
from vaultkit.vault import Vault

ENGINE = Path("codebase/kvist")  # what notes import, relative to the project


@dataclass(frozen=True)
class Coverage:
    """`runs`: public path -> paths of the notes (of either language) that run it, sorted; `methods` the same
    for methods of public classes, `explains` for both: the notes whose prose is about it.
    """

    engine: Engine
    runs: dict[str, list[str]] = field(default_factory=dict)
    methods: dict[str, list[str]] = field(default_factory=dict)
    explains: dict[str, list[str]] = field(default_factory=dict)

    @property
    def uncovered(self) -> list[str]:
        return [path for path in self.engine.names if path not in self.runs]

    @property
    def uncovered_methods(self) -> list[str]:
        return [path for path in self.engine.methods if path not in self.methods]


def engine_of(vault: Path) -> Engine:
    """The public names of the engine of the project around a vault; without rooms if it has no engine."""
    project = place.project_of(vault)
    return read_engine(project / ENGINE, project)


def packages_in(folder: Path) -> list[Path]:
    """The packages that a folder means: itself, or those in it."""
    if (folder / "__init__.py").is_file():
        return [folder]
    return sorted(file.parent for file in folder.glob("*/__init__.py") if file.parent.name.isidentifier())


def imported_in(vault: Vault, package: str) -> bool:
    """True if the code of a note imports a package."""
    words = re.compile(rf"^[ \t>]*(?:import|from)[ \t]+{re.escape(package)}\b", re.MULTILINE)
    return any(words.search(note.text) for note in vault.notes.values())


def coverage(vault: Vault, engine: Engine, memo: Memo | None = None) -> Coverage:
    """Go through the executed blocks of all notes. A name counts when code that runs mentions it: to import
    it is not enough, nor is an annotation. Blocks that are declared skips do not count. memo: keeps what was
    found in a note, for the same engine.
    """
    memo = memo or Memo()
    runs: dict[str, list[str]] = {}
    methods: dict[str, list[str]] = {}
    touched: dict[str, set[str]] = {}
    for path, note in sorted(vault.notes.items()):
        run, imported = memo.of("names", note, partial(names_used, note, engine))
        touched[path] = run | imported
        for name in sorted(run):
            (runs if name in engine.names else methods).setdefault(name, []).append(path)
    return Coverage(engine, runs, methods, explained(vault, engine, touched, memo))


def names_used(note: Note, engine: Engine) -> tuple[set[str], set[str]]:
    """Public paths of the names and methods that the blocks of a note run, hidden set-up code included, and
    of those that they mention without running them.
    """
    run: set[str] = set()
    mentioned: set[str] = set()
    if engine.package not in note.text:
        return run, mentioned
    bound: dict[str, str] = {}
    for block in program_of(note.path, note.scan).blocks:
        if block.control.skip:
            continue
        if block.control.fresh:
            bound.clear()
        for code in (*(setup.code for setup in block.setups), block.fence.code):
            for use in uses(code, bound, engine.package):
                name = engine.public(use.path) or engine.method(use.path)
                if name:
                    (run if use.kind == "run" else mentioned).update(engine.twins(name))
    return run, mentioned
