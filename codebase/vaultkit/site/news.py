"""What a terminal is told of problems after each save: those that are new and those that are mended, once."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

_LINE = re.compile(r"(:|\bline )\d+")  # moves with every line above it
_NAMED = 3  # mended ones that are named


class News:
    """What was said before. A problem is the same wherever its line has moved to."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._known: list[str] = []  # when all were found the last time
        self._stopping: list[str] = []  # found since then, when nothing could be built

    def tell(self, problems: Iterable[str], *, stopped: bool = False) -> int:
        """Say what is new and, in one line, what is mended; how many stay. stopped: these stop a build, and
        nothing is known of others.
        """
        now = list(problems)
        said = self._known + _more(self._stopping, self._known)
        new = _more(now, said)
        for text in new:
            self.say(text)
        if stopped:
            self._stopping = now
            return len(now) - len(new)
        mended = [text.partition(" (hint: ")[0] for text in _more(said, now)]
        if mended:
            more = f"; and {len(mended) - _NAMED} more" if len(mended) > _NAMED else ""
            self.say(f"mended: {'; '.join(mended[:_NAMED])}{more}")
        self._known, self._stopping = now, []
        return len(now) - len(new)


def _more(ours: list[str], others: list[str]) -> list[str]:
    """Those of ours that the others do not have as often; of several alike, such as stand on other lines."""
    left: dict[str, int] = defaultdict(int)
    for text in others:
        left[_LINE.sub(r"\1", text)] += 1
    there = set(others)
    found = set()
    for number in sorted(range(len(ours)), key=lambda number: ours[number] not in there):
        key = _LINE.sub(r"\1", ours[number])
        left[key] -= 1
        if left[key] < 0:
            found.add(number)
    return [text for number, text in enumerate(ours) if number in found]
