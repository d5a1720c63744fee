"""Which notes run which public names of the engine, as far as their text tells."""

from dataclasses import dataclass, field
from pathlib import Path

from vaultkit import place
from vaultkit.api.names import Engine
from vaultkit.api.read import read_engine
from vaultkit.api.uses import uses
from vaultkit.note import Note
from vaultkit.run.program import program_of
from vaultkit.vault import Vault

ENGINE = Path("codebase/kvist")  # what notes import, relative to the project


@dataclass(frozen=True)
class Coverage:
    """`runs`: public path -> paths of the notes (of either language) that run it, sorted."""

    engine: Engine
    runs: dict[str, list[str]] = field(default_factory=dict)

    @property
    def uncovered(self) -> list[str]:
        return [path for path in self.engine.names if path not in self.runs]


def engine_of(vault: Path) -> Engine:
    """The public names of the engine of the project around a vault; without rooms if it has no engine."""
    project = place.project_of(vault)
    return read_engine(project / ENGINE, project)


def coverage(vault: Vault, engine: Engine) -> Coverage:
    """Go through the executed blocks of all notes. A name counts when code that runs mentions it: to import
    it is not enough, nor is an annotation. Blocks that are declared skips do not count.
    """
    runs: dict[str, list[str]] = {}
    for path, note in sorted(vault.notes.items()):
        for name in sorted(names_run(note, engine)):
            runs.setdefault(name, []).append(path)
    return Coverage(engine, runs)


def names_run(note: Note, engine: Engine) -> set[str]:
    """Public paths of the names that the blocks of a note run, hidden set-up code included."""
    if engine.package not in note.text:
        return set()
    bound: dict[str, str] = {}
    found: set[str] = set()
    for block in program_of(note.path, note.scan).blocks:
        if block.control.skip:
            continue
        if block.control.fresh:
            bound.clear()
        for code in (*(setup.code for setup in block.setups), block.fence.code):
            for use in uses(code, bound, engine.package):
                name = engine.public(use.path)
                if name and use.kind == "run":
                    found.add(name)
    return found
