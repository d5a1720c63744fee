"""When a card is asked again: FSRS-6 by the package `fsrs`, with its default parameters and without chance.

The states are kept in `study/reviews.json` of the project, which belongs to the learner:
`{"version": 1, "cards": {id: {"state", "step", "stability", "difficulty", "due", "last_review"}}}`; the site
keeps and exports the same.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsrs

from vaultkit import place
from vaultkit.errors import Problem, VaultError
from vaultkit.lists.solved import FOLDER
from vaultkit.write import write_atomic

VERSION = 1
GRADES = {
    "again": fsrs.Rating.Again,
    "hard": fsrs.Rating.Hard,
    "good": fsrs.Rating.Good,
    "easy": fsrs.Rating.Easy,
}

_SCHEDULER = fsrs.Scheduler(enable_fuzzing=False)
_KEPT = ("state", "step", "stability", "difficulty", "due", "last_review")


class Schedule:
    """The learner's reviews; `cards` by id. Changes are written by `save`."""

    def __init__(self, file: Path, cards: dict[str, dict[str, Any]]) -> None:
        self.file = file
        self.cards = cards

    @classmethod
    def load(cls, vault: Path) -> "Schedule":
        """The reviews of the project around `vault`. Raises VaultError if the file is damaged; it stays."""
        file = place.project_of(vault) / FOLDER / "reviews.json"
        return cls(file, read(file) if file.exists() else {})

    def due(self, card: str, now: datetime) -> bool:
        """True for a new card, and for one whose day has come."""
        return card not in self.cards or datetime.fromisoformat(self.cards[card]["due"]) <= now

    def is_new(self, card: str) -> bool:
        return card not in self.cards

    def grade(self, card: str, grade: str, now: datetime) -> datetime:
        """Keep an answer (`again`, `hard`, `good`, `easy`) given at `now`; returns when it comes again."""
        state = _from(self.cards[card]) if card in self.cards else fsrs.Card(card_id=0, due=now)
        state, _ = _SCHEDULER.review_card(state, GRADES[grade], now)
        self.cards[card] = _entry(state)
        return state.due

    def merge(self, other: dict[str, dict[str, Any]]) -> int:
        """Take each state of `other` that was reviewed later than ours; the number of those taken."""
        later = {
            card: entry
            for card, entry in other.items()
            if card not in self.cards or _last(entry) > _last(self.cards[card])
        }
        self.cards.update(later)
        return len(later)

    def save(self) -> None:
        write_atomic(self.file, dump(self.cards))


def dump(cards: dict[str, dict[str, Any]]) -> bytes:
    return json.dumps({"version": VERSION, "cards": cards}, indent=1, sort_keys=True).encode() + b"\n"


def read(file: Path) -> dict[str, dict[str, Any]]:
    """The states in a file of ours or one that the site exported. Raises VaultError if it is neither."""
    try:
        loaded = json.loads(file.read_text("utf-8"))
        if loaded["version"] != VERSION:
            raise ValueError(f"version {loaded['version']}, need {VERSION}")
        return {str(card): _checked(entry) for card, entry in loaded["cards"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = "mend it, or move it away to begin anew"
        message = f"is no file of reviews: {' '.join(str(error).split())}"
        raise VaultError(Problem(place.shown(file), 0, "reviews", message, hint)) from None


def _checked(entry: dict[str, Any]) -> dict[str, Any]:
    state = _entry(_from(entry))
    for key in ("due", "last_review"):
        if state[key] and datetime.fromisoformat(state[key]).tzinfo is None:
            raise ValueError(f"`{key}` has no time zone")
    return state


def _entry(card: fsrs.Card) -> dict[str, Any]:
    entry: dict[str, Any] = {**card.to_dict()}
    return {key: entry[key] for key in _KEPT}


def _from(entry: dict[str, Any]) -> fsrs.Card:
    kept: Any = {"card_id": 0, **{key: entry[key] for key in _KEPT}}
    return fsrs.Card.from_dict(kept)


def _last(entry: dict[str, Any]) -> datetime:
    text = entry["last_review"]
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)
