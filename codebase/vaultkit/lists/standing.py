"""Where a learner stands in a course: topics done, time spent, mastery, milestones, struggles."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from vaultkit.lists.course import Course, Topic, read_course
from vaultkit.lists.mastery import LEVELS, Evidence
from vaultkit.lists.sessions import Entry, read_sessions
from vaultkit.note import Note
from vaultkit.vault import Vault

STRUGGLE_MINUTES = 120.0  # a topic that took longer is a struggle point


@dataclass(frozen=True, slots=True)
class TopicStanding:
    """`minutes` of all sessions on the topic's notes; `level` is the lowest mastery that its notes show."""

    topic: Topic
    minutes: float
    level: str

    @property
    def done(self) -> bool:
        return self.topic.item.done

    @property
    def status(self) -> str:
        """`done`, `started` or `open`."""
        if self.done:
            return "done"
        return "started" if self.minutes or self.level != "none" else "open"


@dataclass(frozen=True, slots=True)
class Struggle:
    topic: TopicStanding
    entries: tuple[Entry, ...]  # what the sessions say under *Struggles*, oldest first


class Standing:
    """The standing in the course that `note` is; everything is read from the vault's files."""

    def __init__(self, vault: Vault, note: Note) -> None:
        self.vault = vault
        self.course: Course = read_course(vault, note)
        self.evidence = Evidence(vault)
        self.entries, self.problems = read_sessions(vault)

    @cached_property
    def topics(self) -> list[TopicStanding]:
        return [TopicStanding(t, self._minutes(t), self._level(t)) for t in self.course.topics]

    def phase(self, name: str) -> list[TopicStanding]:
        return [standing for standing in self.topics if standing.topic.phase == name]

    @cached_property
    def notes(self) -> list[str]:
        """The notes of the course in its order, each once."""
        return list(dict.fromkeys(path for topic in self.course.topics for path in topic.notes))

    @property
    def minutes(self) -> float:
        """Time of all sessions, on this course or not."""
        return sum(entry.minutes for entry in self.entries)

    @property
    def by_day(self) -> dict[date, float]:
        """Minutes of each day that has a session, by day."""
        days: dict[date, float] = {}
        for entry in self.entries:
            days[entry.day] = days.get(entry.day, 0.0) + entry.minutes
        return days

    @property
    def struggles(self) -> list[Struggle]:
        """Topics that took more than two hours, the longest first, with what was hard about them."""
        long = [standing for standing in self.topics if standing.minutes > STRUGGLE_MINUTES]
        long.sort(key=lambda standing: -standing.minutes)
        return [
            Struggle(s, tuple(e for e in self._entries(s.topic) if e.section == "struggles")) for s in long
        ]

    def questions(self) -> list[Entry]:
        """The open questions of the last session that has any."""
        asked = [entry for entry in self.entries if entry.section == "questions"]
        return [entry for entry in asked if entry.path == asked[-1].path]

    def _entries(self, topic: Topic) -> list[Entry]:
        return [entry for entry in self.entries if set(entry.notes) & set(topic.notes)]

    def _minutes(self, topic: Topic) -> float:
        return sum(entry.minutes for entry in self._entries(topic))

    def _level(self, topic: Topic) -> str:
        levels = [LEVELS.index(self.evidence.level(path)) for path in topic.notes]
        return LEVELS[min(levels, default=0)]


def share(standings: list[TopicStanding]) -> float:
    """Mean mastery from 0 to 1, `none` counting 0 and `mastery` 1."""
    top = len(LEVELS) - 1
    return (
        sum(LEVELS.index(standing.level) for standing in standings) / (top * len(standings))
        if standings
        else 0.0
    )
