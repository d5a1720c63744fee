"""What is known of the last build: from which inputs, how strictly it passed, and one builder at a time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Literal

from vaultkit.errors import Problem
from vaultkit.lock import held
from vaultkit.site.clock import build_day
from vaultkit.site.paths import Layout

# strict: any error stops the build. draft: only what would mislead a reader. lenient: nothing.
Mode = Literal["strict", "draft", "lenient"]
_RANK: dict[str, int] = {"lenient": 0, "draft": 1, "strict": 2}
_ADVICE = ("skeleton", "parity", "property", "list-item")  # about a note's form: a draft may lack it


@dataclass
class State:
    """`passed` is the strictest mode that the build would have passed; `problems` are what it found."""

    key: str = ""
    passed: str = "lenient"
    pages: int = 0
    problems: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # those of the problems that stop a draft
    day: str = ""  # of the build, if a page depends on it (a base that asks for today)

    def satisfies(self, key: str, mode: Mode) -> bool:
        return (
            self.key == key
            and self.day in ("", str(build_day()))
            and _RANK.get(self.passed, -1) >= _RANK[mode]
        )


def stops(problem: Problem, mode: Mode) -> bool:
    """True if a build in this mode must not go on."""
    if problem.severity != "error" or mode == "lenient":
        return False
    return mode == "strict" or not problem.code.startswith(_ADVICE)


def passed(problems: list[Problem], complaints: list[str]) -> Mode:
    """The strictest mode that these problems and MkDocs' complaints allow."""
    modes: tuple[Mode, ...] = ("strict", "draft")
    allowed = (mode for mode in modes if not complaints and not any(stops(p, mode) for p in problems))
    return next(allowed, "lenient")


def load(layout: Layout) -> State:
    try:
        return State(**json.loads((layout.cache / "build.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return State()


def save(layout: Layout, state: State) -> None:
    (layout.cache / "build.json").write_text(json.dumps(asdict(state), ensure_ascii=False) + "\n", "utf-8")


def forget(layout: Layout) -> None:
    """The site is no more what the last build made: the next one may not take it for that."""
    (layout.cache / "build.json").unlink(missing_ok=True)


@contextmanager
def one_builder(layout: Layout) -> Iterator[None]:
    """Wait until no other process builds this project; a server and a build at once would mix their pages."""
    layout.cache.mkdir(parents=True, exist_ok=True)
    with held(str(layout.cache / "build.lock"), "build of this site"):
        yield
