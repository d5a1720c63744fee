"""What was made, with the questions it asked: good for as long as each has the same answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from vaultkit.bases.query import Answer
from vaultkit.bases.values import Duration, File, Link, Moment, Shown
from vaultkit.errors import Problem
from vaultkit.site.live.log import Key, Log
from vaultkit.site.live.world import World
from vaultkit.vault import stamp_of

Stamp = tuple[int, int, int] | None
Made = TypeVar("Made")
_FIXED = (str, bool, int, float, type(None), Moment, Duration, Link, File)


@dataclass
class Kept(Generic[Made]):
    """What was made; `disk`: the files that were asked for, as they were then."""

    part: Made
    keys: set[Key]
    disk: dict[str, Stamp]
    wrong: list[Problem] = field(default_factory=list)  # formulas that KaTeX refuses


@dataclass(frozen=True, slots=True)
class Now:
    """What is true of what was kept."""

    world: World
    changed: set[Key]

    def holds(self, known: Kept[Any]) -> bool:
        """True if nothing that it was made from has changed."""
        return known.keys.isdisjoint(self.changed) and known.disk == self._of(known.disk)

    def stamps(self, keys: Iterable[Key]) -> dict[str, Stamp]:
        """The files among these questions as they are now."""
        return self._of(key[1] for key in keys if key[0] == "disk")

    def _of(self, paths: Iterable[str]) -> dict[str, Stamp]:
        return {path: stamp_of(self.world.vault.on_disk(path)) for path in paths}


class Answers:
    """The answers of bases. Most edits concern only how a page shows them: by titles, in its language."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept[Answer]] = {}

    def let_go(self, now: Now) -> None:
        """Before anything is asked again: of what holds no more."""
        self._kept = {question: known for question, known in self._kept.items() if now.holds(known)}

    def of(self, now: Now, log: Log, question: str, ask: Callable[[], Answer]) -> Answer:
        if known := self._kept.get(question):
            log.keys |= known.keys
            return known.part
        with log.asked() as keys:
            answer = ask()
        if _is_fixed(answer):
            self._kept[question] = Kept(answer, keys, now.stamps(keys))
        return answer


def _is_fixed(answer: Answer) -> bool:
    """True if showing it asks nothing of the vault: a value may be the properties of a note."""
    rows = [row for group in answer.groups for row in group.rows]
    values = [value for row in rows for value in (*row.cells, row.cover)]
    for group in answer.groups:
        values += [group.key, *(value for _, value in group.summaries.values())]
    while values:
        value = values.pop()
        if isinstance(value, list):
            values += value
        elif isinstance(value, Shown):
            values.append(value.value)
        elif not isinstance(value, _FIXED):
            return False
    return True
