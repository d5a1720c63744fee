"""How well a note is mastered: what its property `mastery` claims, and what can be shown for it.

none → learning (read) → implementing (the note's blocks are green here) → competent (its exercise is solved
too) → mastery (explains, debugs, extends: the learner's own word, once competent).
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from vaultkit.errors import Problem
from vaultkit.frontmatter import key_line
from vaultkit.lists.solved import Solved
from vaultkit.note import Note
from vaultkit.run.data import is_current
from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.results import engine_digest, key_of, load_results
from vaultkit.vault import Vault

_CLAIM = re.compile(rb"(?m)^(mastery:[ \t]*)[a-z]+")
LEVELS = ("none", "learning", "implementing", "competent", "mastery")


@dataclass
class Evidence:
    """What this machine has seen of the notes of one vault: green runs and solved exercises."""

    vault: Vault

    def claimed(self, path: str) -> str:
        """The level that a note's property claims; `none` if it claims none or no known one."""
        note = self.vault.notes.get(path)
        level = note.properties.get("mastery") if note else None
        return level if level in LEVELS else "none"

    def shown(self, path: str) -> str:
        """The highest level below `mastery` that can be shown for a note; reading needs no proof.

        A note that is still without code has only its exercise to show.
        """
        solved = self.solved(path)
        if not self.green(path):
            return "competent" if solved and not self.has_code(path) else "learning"
        return "competent" if solved else "implementing"

    def level(self, path: str) -> str:
        """The claim, cut down to what can be shown; a solved exercise speaks for itself."""
        claimed, shown = self.claimed(path), self.shown(path)
        if shown == "competent":
            return LEVELS[max(LEVELS.index(claimed), LEVELS.index(shown))]
        return LEVELS[min(LEVELS.index(claimed), LEVELS.index(shown))]

    def can_be_shown(self, path: str) -> bool:
        """True if the note has anything to show mastery by: code, or an exercise."""
        note = self.vault.notes.get(path)
        return self.has_code(path) or (note is not None and bool(note.properties.get("exercise")))

    def green(self, path: str) -> bool:
        """True if every block of the note passed, and nothing that it was run with changed since."""
        entry = self._results.get(path)
        if entry is None or not entry.get("passed"):
            return False
        whole = entry.get("passed", 0) + entry.get("skipped", 0) == entry.get("blocks")
        if not whole or entry.get("key") not in self._keys(path):
            return False
        return is_current(self.vault.root, entry, self._fingerprints)

    def _keys(self, path: str) -> set[str]:
        """The keys of the note as it is, with this claim or another: a claim changes nothing that is run."""
        data = self.vault.on_disk(path).read_bytes()
        texts = [data, *(_CLAIM.sub(rb"\g<1>" + level.encode(), data, count=1) for level in LEVELS)]
        return {key_of(self._engine, hashlib.sha256(text).hexdigest()) for text in texts}

    def solved(self, path: str) -> bool:
        """True if the note's exercise was solved by the file that the learner has now."""
        note = self.vault.notes.get(path)
        name = note.properties.get("exercise") if note else None
        return isinstance(name, str) and self._solved.holds(name)

    def has_code(self, path: str) -> bool:
        note = self.vault.notes.get(path)
        return note is not None and any(fence.is_python for fence in note.scan.fences)

    @cached_property
    def _results(self) -> dict[str, dict]:
        return load_results(self.vault.root)

    @cached_property
    def _engine(self) -> str:
        return engine_digest(self.vault.root, self._fingerprints)

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        return Fingerprints()

    @cached_property
    def _solved(self) -> Solved:
        return Solved.load(self.vault.root)


def check_mastery(vault: Vault) -> Iterator[Problem]:
    """Claims above what can be shown."""
    evidence = Evidence(vault)
    for path, note in sorted(vault.notes.items()):
        claimed = evidence.claimed(path)
        if note.lang == "en" and LEVELS.index(claimed) > LEVELS.index(evidence.level(path)):
            message = f"claims `{claimed}`, but only `{evidence.level(path)}` can be shown"
            line = key_line(note.scan, "mastery")
            yield Problem(path, line, "mastery-claim", message, _how(note, evidence), "warning")


def _how(note: Note, evidence: Evidence) -> str:
    if not evidence.can_be_shown(note.path):
        return "the note has neither code nor an exercise yet: until then reading is all that counts"
    if evidence.has_code(note.path) and not evidence.green(note.path):
        return f'run it: vaultkit run "{note.stem}"'
    if note.properties.get("exercise"):
        return f'solve its exercise: vaultkit try "{note.stem}"'
    return "the note has no exercise to show it by"
