"""Where a learner stands in a course: topics done, time spent, mastery, milestones, struggles."""

import re
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
    """`minutes` of the sessions on it; `level` is the lowest mastery of its notes that can show any."""

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

    @property
    def other_struggles(self) -> list[Entry]:
        """What was hard in less time, or about no topic of the course."""
        told = {entry for struggle in self.struggles for entry in struggle.entries}
        return [entry for entry in self.entries if entry.section == "struggles" and entry not in told]

    def questions(self) -> list[Entry]:
        """The open questions of the last session that has any."""
        asked = [entry for entry in self.entries if entry.section == "questions"]
        return [entry for entry in asked if entry.path == asked[-1].path]

    @property
    def elsewhere(self) -> float:
        """Minutes of sessions that name no topic of this course."""
        return sum(entry.minutes for entry in self.entries if not self._topics_of(entry))

    def _entries(self, topic: Topic) -> list[Entry]:
        return [entry for entry in self.entries if topic in self._topics_of(entry)]

    def _topics_of(self, entry: Entry) -> list[Topic]:
        """The topics that a line is about: by the notes that it links, or by a number (`1.2`) in front."""
        number = re.match(r"\d+(\.\d+)+(?=\s)", entry.text)
        numbered = [t for t in self.course.topics if number and t.number == number.group()]
        return numbered or [t for t in self.course.topics if set(entry.notes) & set(t.notes)]

    def _minutes(self, topic: Topic) -> float:
        """Minutes of a line about several topics are shared out evenly: no minute counts twice."""
        return sum(entry.minutes / len(self._topics_of(entry)) for entry in self._entries(topic))

    def _level(self, topic: Topic) -> str:
        paths = [path for path in topic.notes if self.evidence.can_be_shown(path)] or topic.notes
        levels = [LEVELS.index(self.evidence.level(path)) for path in paths]
        return LEVELS[min(levels, default=0)]


def share(standings: list[TopicStanding]) -> float:
    """Mean mastery from 0 to 1, `none` counting 0 and `mastery` 1."""
    top = len(LEVELS) - 1
    return (
        sum(LEVELS.index(standing.level) for standing in standings) / (top * len(standings))
        if standings
        else 0.0
    )
