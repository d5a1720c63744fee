"""The tracker: what is known of a course, written between markers into a note that stays the learner's."""

from collections.abc import Callable, Sequence
from pathlib import Path

from vaultkit.errors import Problem, VaultError
from vaultkit.lists.chart import chart
from vaultkit.lists.items import read_items, todos
from vaultkit.lists.markers import rewrite
from vaultkit.lists.mastery import LEVELS
from vaultkit.lists.standing import Standing, TopicStanding, share
from vaultkit.lists.words import hours, level_word, word
from vaultkit.note import Note
from vaultkit.pairs import pair_of
from vaultkit.place import attachments
from vaultkit.resolve import resolve, shortest_link
from vaultkit.vault import Vault
from vaultkit.wikilink import find
from vaultkit.write import write_atomic

CHART = "progress.svg"


def trackers(vault: Vault) -> list[Note]:
    """English notes with `kind: tracker`, by path."""
    notes = (note for _, note in sorted(vault.notes.items()))
    return [note for note in notes if note.properties.get("kind") == "tracker" and note.lang == "en"]


def standing_of(vault: Vault, tracker: Note) -> Standing:
    """The standing that a tracker shows. Raises VaultError if its property `list` names no reading list."""
    return Standing(vault, standing_list(vault, tracker))


def standing_list(vault: Vault, tracker: Note) -> Note:
    """The reading list that a tracker follows. Raises VaultError if its property `list` names none."""
    value = tracker.properties.get("list")
    links = list(find(value)) if isinstance(value, str) else []
    path = resolve(vault, links[0].text.target, tracker.path).path if links else None
    note = vault.notes.get(path or "")
    if note is None or note.properties.get("kind") != "reading-list":
        hint = 'write list: "[[tiny-llm in three weeks]]"'
        raise VaultError(Problem(tracker.path, 1, "tracker", "`list` names no reading list", hint))
    return note


def written(vault: Vault, tracker: Note) -> dict[Path, bytes]:
    """The files of a tracker as they should be: both languages and the chart. Raises VaultError."""
    standing = standing_of(vault, tracker)
    files = {attachments(vault.root) / CHART: chart(standing).encode()}
    problems: list[Problem] = []
    for path in filter(None, (tracker.path, pair_of(vault, tracker.path))):
        note = vault.notes[path]
        try:
            text = rewrite(note, Writer(standing, note.lang, note.path).part)
        except VaultError as error:
            problems += error.problems
            continue
        mark = b"\xef\xbb\xbf" if (vault.root / path).read_bytes().startswith(b"\xef\xbb\xbf") else b""
        files[vault.root / path] = mark + text.encode("utf-8")
    if problems:
        raise VaultError(problems)
    return files


def write(files: dict[Path, bytes]) -> list[Path]:
    """Write the files that differ from what is on disk and return them."""
    changed = [file for file, data in files.items() if not file.is_file() or file.read_bytes() != data]
    for file in changed:
        write_atomic(file, files[file])
    return changed


class Writer:
    """The generated parts of a tracker in one language, as Markdown."""

    def __init__(self, standing: Standing, language: str, path: str) -> None:
        self.standing = standing
        self.language = language
        self.path = path
        self.titles, self.phases, self.milestones = self._names()

    def part(self, name: str) -> str | None:
        parts: dict[str, Callable[[], str]] = {
            "overview": self.overview,
            "topics": self.topics,
            "mastery": self.mastery,
            "milestones": self.reached,
            "time": self.time,
            "struggles": self.struggles,
            "now": self.now,
        }
        return parts[name]() if name in parts else None

    def overview(self) -> str:
        rows = [(self.phases[phase], self.standing.phase(phase)) for phase in self.standing.course.phases]
        head = (self.say("phase"), self.say("done_of"), self.say("hours"), self.say("mastery"))
        lines = [(name, *self._counts(topics)) for name, topics in rows]
        if self.standing.elsewhere:
            lines.append((self.say("elsewhere"), "", self.hours(self.standing.elsewhere), ""))
        done, _, mastery = self._counts(self.standing.topics)
        lines.append((f"**{self.say('total')}**", done, self.hours(self.standing.minutes), mastery))
        return _table(head, lines)

    def topics(self) -> str:
        head = (
            self.say("topic"),
            self.say("status"),
            self.say("hours"),
            self.say("mastery"),
            self.say("notes"),
        )
        parts = []
        for phase in self.standing.course.phases:
            rows = [self._topic(topic) for topic in self.standing.phase(phase)]
            parts.append(f"### {self.phases[phase]}\n\n{_table(head, rows)}")
        return "\n\n".join(parts)

    def mastery(self) -> str:
        evidence = self.standing.evidence
        rows = []
        for path in self.standing.notes:
            level, claimed = evidence.level(path), evidence.claimed(path)
            reached = LEVELS.index(level)
            extra = (
                "" if level == claimed else self.say("claimed", claimed=level_word(self.language, claimed))
            )
            rows.append((self.link(path), *("●" if reached >= step else "·" for step in range(1, 5)), extra))
        head = (
            self.say("note"),
            *(level_word(self.language, level) for level in LEVELS[1:]),
            self.say("remark"),
        )
        return _table(head, rows)

    def reached(self) -> str:
        done = sum(task.done for task in self.standing.course.milestones)
        first = self.say("milestones", done=done, total=len(self.milestones))
        marks = zip(self.standing.course.milestones, self.milestones, strict=False)
        return "\n".join(
            [
                first,
                "",
                *(f"- {'**' if task.done else ''}{text}{'**' if task.done else ''}" for task, text in marks),
            ]
        )

    def time(self) -> str:
        standing = self.standing
        days = standing.by_day
        done = [topic for topic in standing.topics if topic.done]
        longest = max(days, key=lambda day: (days[day], day), default=None)
        rows = [
            (self.say("total_hours"), self.hours(standing.minutes)),
            (self.say("sessions"), str(len(days))),
            (self.say("per_topic"), self.hours(sum(t.minutes for t in done) / len(done)) if done else "–"),
            (
                self.say("longest"),
                f"{longest.isoformat()}{self.say('comma')}{self.hours(days[longest])}" if longest else "–",
            ),
        ]
        return _table((self.say("what"), self.say("value")), rows)

    def struggles(self) -> str:
        lines = []
        for struggle in self.standing.struggles:
            name = self.titles[struggle.topic.topic.item.line]
            lines.append("- " + self.say("struggle", topic=name, hours=self.hours(struggle.topic.minutes)))
            lines += [f"    - {entry.day.isoformat()} {entry.text}" for entry in struggle.entries]
        lines = lines or [self.say("no_struggles"), ""]
        lines += [f"- {entry.day.isoformat()} {entry.text}" for entry in self.standing.other_struggles]
        return "\n".join(lines).strip()

    def now(self) -> str:
        open_topics = [topic for topic in self.standing.topics if not topic.done]
        if not open_topics:
            return self.say("all_done")
        first = open_topics[0].topic
        lines = ["- " + self.say("now", phase=self.phases[first.phase])]
        lines.append("- " + self.say("next", item=self.titles[first.item.line]))
        if questions := self.standing.questions():
            lines.append("- " + self.say("questions"))
            lines += [f"    - {entry.text}" for entry in questions]
        return "\n".join(lines)

    def say(self, key: str, **values: object) -> str:
        return word(self.language, key, **values)

    def hours(self, minutes: float) -> str:
        return hours(self.language, minutes)

    def link(self, path: str) -> str:
        """A link to a note by its title in this language; `|` is escaped, for it stands in a table."""
        vault = self.standing.vault
        target = shortest_link(vault, path)
        other = pair_of(vault, path)
        title = vault.notes[other].title if self.language == "zh" and other else ""
        return f"[[{target}\\|{title}]]" if title not in ("", target) else f"[[{target}]]"

    def _counts(self, topics: list[TopicStanding]) -> tuple[str, str, str]:
        done = sum(topic.done for topic in topics)
        return (
            f"{done}/{len(topics)}",
            self.hours(sum(topic.minutes for topic in topics)),
            f"{share(topics):.0%}",
        )

    def _topic(self, standing: TopicStanding) -> tuple[str, ...]:
        topic = standing.topic
        links = " · ".join(self.link(path) for path in topic.notes)
        title, level = self.titles[topic.item.line], level_word(self.language, standing.level)
        return title, self.say(standing.status), self.hours(standing.minutes), level, links

    def _names(self) -> tuple[dict[int, str], dict[str, str], list[str]]:
        """Titles by line of the English item, headings by English heading, and milestones, translated."""
        course, vault = self.standing.course, self.standing.vault
        titles = {topic.item.line: topic.item.title for topic in course.topics}
        phases = {phase: phase for phase in course.phases}
        milestones = [task.text for task in course.milestones]
        other = pair_of(vault, course.note.path) if self.language == "zh" else None
        if not other:
            return titles, phases, milestones
        chinese = vault.notes[other]
        ours, theirs = read_items(course.note)[0], read_items(chinese)[0]
        if len(ours) == len(theirs):
            titles = {mine.line: item.title for mine, item in zip(ours, theirs, strict=True)}
        headings = [[h.text for h in note.headings if h.level == 2] for note in (course.note, chinese)]
        if len(headings[0]) == len(headings[1]):
            phases |= dict(zip(*headings, strict=True))
        texts = {mine.line: task.text for mine, task in zip(todos(course.note), todos(chinese), strict=False)}
        return titles, phases, [texts.get(task.line, task.text) for task in course.milestones]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
