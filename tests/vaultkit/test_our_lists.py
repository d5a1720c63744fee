"""Guards our reading lists: all items are there, and every topic of the course can be proven."""

import re
from pathlib import Path

import pytest

from vaultkit.lists.course import read_course
from vaultkit.lists.exercises import exercises
from vaultkit.lists.items import read_items
from vaultkit.lists.prerequisites import prerequisites
from vaultkit.lists.reading import next_items, reading_lists
from vaultkit.lists.tracker import standing_of, trackers
from vaultkit.pairs import pair_of
from vaultkit.skeleton import session_note
from vaultkit.vault import Vault

ROOT = Path(__file__).parents[2]
ITEMS = {
    "Blogs to read": 8, "Fundamentals": 12, "LLM101": 32, "Papers": 33, "Seven modules": 50, "Thinking": 3,
    "Week 38": 8, "Weeks 36 and 37": 5, "tiny-llm in three weeks": 21,
}  # fmt: skip


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault.load(ROOT / "vault")


def test_every_list_with_every_item_in_both_languages(vault: Vault) -> None:
    assert {note.stem: len(read_items(note)[0]) for note in reading_lists(vault)} == ITEMS
    assert all(pair_of(vault, note.path) for note in reading_lists(vault))


def test_every_item_feeds_a_note_or_is_about_life(vault: Vault) -> None:
    feeding = [(note.stem, item) for note in reading_lists(vault) for item in read_items(note)[0]]
    assert {item.title for stem, item in feeding if not item.feeds} == {
        "Do we all need a little time simply to sit and think?",
        "We think too much and feel too little: a thread on a line by Chaplin",
    }
    assert all(item.minutes or item.hours for _, item in feeding)


def test_the_claims_on_top_of_the_lists(vault: Vault) -> None:
    """A number of items, minutes or hours in the claim is that of the items."""
    for note in reading_lists(vault):
        items = read_items(note)[0]
        minutes = sum(item.minutes or 0 for item in items)
        hours = (minutes + 60 * sum(item.hours or 0 for item in items)) / 60
        claim = next(line for line in note.scan.lines if "[!abstract]" in line)
        if found := re.search(r"(\d+) minutes", claim):
            assert int(found[1]) == minutes, note.path
        if (found := re.search(r"about (\d+) hours", claim)) and note.stem != "Seven modules":
            assert abs(int(found[1]) - hours) <= 1, (note.path, hours)


def test_every_topic_has_an_exercise_and_the_course_its_tracker(vault: Vault) -> None:
    (tracker,) = trackers(vault)
    course = standing_of(vault, tracker).course
    assert len(course.topics) == 21 and len(course.milestones) == 9 and len(course.phases) == 3
    with_exercise = {note.path for note in exercises(vault)}
    assert [topic.item.title for topic in course.topics if not with_exercise & set(topic.notes)] == []
    names = {note.properties["exercise"] for note in exercises(vault)}
    assert names == {folder.parent.name for folder in (ROOT / "codebase/kvist/exercises").glob("*/check.py")}
    assert read_course(vault, course.note).topics == course.topics


def test_reading_can_begin_and_go_on_to_the_end(vault: Vault) -> None:
    """Whoever always takes the first item that is ready reads everything: no list waits for itself."""
    choices = next_items(vault, reading_lists(vault))
    assert any(not choice.waits_for for choice in choices)
    waiting = {(c.entry.path, c.entry.item.line): c for c in choices}
    known: set[str] = set()
    while waiting:
        ready = [key for key, c in waiting.items() if set(c.waits_for) <= known]
        assert ready, [(c.entry.item.title, c.waits_for) for c in waiting.values()]
        for key in ready:
            known |= waiting.pop(key).entry.feeds


def test_obsidian_and_the_command_begin_the_same_session() -> None:
    template = (ROOT / "vault/templates/Session.md").read_text("utf-8")
    assert template.replace('"{{date}}"', "{{date}}") == session_note("{{date}}")


def test_prerequisites_lead_to_the_longest_note(vault: Vault) -> None:
    assert prerequisites(vault, "concepts/KV cache.md") == [
        "concepts/Scaled dot-product attention.md", "concepts/Autoregressive generation.md",
    ]  # fmt: skip
