"""Tasks that are no items of a reading list and can be ticked all the same: milestones, questions, goals.

Each has an identity made of its note and its English words, so that a tick of a browser finds it again
in both languages and after lines have moved.
"""

from collections import Counter

from vaultkit.lists.items import Task, is_list, tasks, todos
from vaultkit.note import Note

KINDS = frozenset({"session", "tracker"})  # beside reading lists; all their tasks count


def milestones(note: Note, kind_of: Note | None = None) -> list[Task]:
    """The tasks with words of a reading list that are no items, or all of a session or a tracker.

    A Chinese note is what its English pair `kind_of` is.
    """
    english = kind_of or note
    if is_list(english):
        found = todos(note)
    elif english.properties.get("kind") in KINDS:
        found = [task for task, _ in tasks(note)]
    else:
        found = []
    return [task for task in found if task.text]


def identities(note: Note) -> dict[int, str]:
    """The identity of each task of an English note by line; the second of the same words says so."""
    seen: Counter[str] = Counter()
    found = {}
    for task in milestones(note):
        words = " ".join(task.text.split())
        seen[words] += 1
        found[task.line] = f"{note.path}: {words}" + (f" ({seen[words]})" if seen[words] > 1 else "")
    return found
