"""Guards review: which lines are cards, when they come again, and that no review is ever lost."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from vaultkit.cli import main
from vaultkit.errors import VaultError
from vaultkit.review.cards import cards
from vaultkit.review.schedule import Schedule, read
from vaultkit.vault import Vault

NOW = datetime(2026, 11, 22, tzinfo=UTC)
NOTE = (
    "---\ntags: [flashcards/inference]\n---\n# N\n\nprose with a field [minutes:: 5]\n\n"
    "What is cached?::Keys and values <!--SR:!2026-12-01,3,250-->\n"
    "- token:::词元\n"
    "code `a[::2]` is no card, a[::2] would be::one\n"
    "::no question\nno answer::\n| a::b |\n# x::y\n\n"
    "Name two\nreasons\n?\nfirst\nsecond\n\n```\nin::code\n```\n"
)


def test_cards_of_a_note(make_vault) -> None:
    root = make_vault({"N.md": NOTE})
    assert [(c.line, c.question, c.answer) for c in cards(Vault.load(root))] == [
        (8, "What is cached?", "Keys and values"),
        (9, "token", "词元"),
        (9, "词元", "token"),
        (10, "code `a[::2]` is no card, a[", "2] would be::one"),
        (18, "Name two\nreasons", "first\nsecond"),
    ]
    (root / "N.md").write_text(NOTE.replace("flashcards", "cards"), "utf-8")
    assert cards(Vault.load(root)) == []


def test_both_languages_are_one_card(make_vault) -> None:
    english = "#flashcards\n\nWhy?::Because\nHow?::So\n"
    root = make_vault({"N.md": english, "N.zh.md": "为何？::因为\n怎样？::这样\n", "M.md": english})
    vault = Vault.load(root)
    en, zh = cards(vault), cards(vault, "zh")
    assert [card.id for card in en] == [card.id for card in zh] and len({card.id for card in en}) == 4
    assert [card.question for card in zh] == ["Why?", "How?", "为何？", "怎样？"]
    (root / "N.zh.md").write_text("为何？::因为\n", "utf-8")
    assert [card.question for card in cards(Vault.load(root), "zh", "N.md")] == ["Why?", "How?"]


def test_schedule(tmp_path) -> None:
    schedule = Schedule(tmp_path / "r.json", {})
    assert schedule.due("a", NOW) and schedule.is_new("a")
    first = schedule.grade("a", "good", NOW)
    assert first - NOW == timedelta(minutes=10) and not schedule.due("a", NOW) and schedule.due("a", first)
    second = schedule.grade("a", "good", first)
    assert second - first == timedelta(days=2)
    third = schedule.grade("a", "good", second)
    assert third - second > timedelta(days=5)
    assert schedule.grade("a", "again", third) - third == timedelta(minutes=10)
    assert schedule.grade("b", "easy", NOW) - NOW > timedelta(days=5)
    schedule.save()
    assert read(tmp_path / "r.json") == schedule.cards


def test_the_later_review_wins(tmp_path) -> None:
    ours, theirs = Schedule(tmp_path / "a", {}), Schedule(tmp_path / "b", {})
    ours.grade("x", "good", NOW)
    theirs.grade("x", "again", NOW + timedelta(days=1))
    theirs.grade("y", "good", NOW)
    later = dict(theirs.cards)
    assert ours.merge(theirs.cards) == 2 and ours.cards == later
    older = Schedule(tmp_path / "c", {})
    older.grade("x", "easy", NOW - timedelta(days=1))
    assert ours.merge(older.cards) == 0 and ours.cards == later


def test_a_session_in_the_terminal(make_vault, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    root = make_vault({"N.md": NOTE, "M.md": "#flashcards\n\nA?::B\n"})
    monkeypatch.setattr("sys.stdin", io.StringIO("\n3\n\nwhat\n4\nq\n"))
    assert main(["review", "--vault", str(root)]) == 0
    said = capsys.readouterr().out
    assert (
        "[1/6] A?" in said and "    B\n" in said and "in 10 minutes" in said and "one of 1, 2, 3, 4" in said
    )
    schedule = Schedule.load(root)
    assert len(schedule.cards) == 2
    assert main(["review", "N", "--json", "--vault", str(root)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["question"] for row in rows] == [
        "token",
        "词元",
        "code `a[::2]` is no card, a[",
        "Name two\nreasons",
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["review", "--vault", str(root)]) == 0


def test_export_and_import(make_vault, tmp_path, capsys) -> None:
    root = make_vault({"N.md": NOTE})
    schedule = Schedule.load(root)
    schedule.grade("x", "good", NOW)
    schedule.save()
    out = tmp_path / "out.json"
    assert main(["review", "--export", str(out), "--vault", str(root)]) == 0
    schedule.file.unlink()
    assert main(["review", "--import", str(out), "--vault", str(root)]) == 0
    assert Schedule.load(root).cards == schedule.cards
    assert main(["review", "nothing", "--vault", str(root)]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", '{"version": 2, "cards": {}}', '{"version": 1, "cards": []}',
        '{"version": 1, "cards": {"a": {}}}',
        '{"version": 1, "cards": {"a": {"state": 9, "step": 0, "stability": 1, "difficulty": 1, "due": "x", '
        '"last_review": null}}}',
        '{"version": 1, "cards": {"a": {"state": 1, "step": 0, "stability": 1, "difficulty": 1, '
        '"due": "2026-01-01T00:00:00", "last_review": null}}}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_and_kept(make_vault, text: str) -> None:
    root = make_vault({"N.md": NOTE})
    file = Schedule(root.parent / "study" / "reviews.json", {}).file
    file.parent.mkdir()
    file.write_text(text, "utf-8")
    with pytest.raises(VaultError, match="reviews is no file of reviews"):
        Schedule.load(root)
    assert main(["review", "--vault", str(root)]) == 1 and file.read_text("utf-8") == text
