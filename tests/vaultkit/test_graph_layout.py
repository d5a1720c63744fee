"""Guards the places of the graph: reproducible, apart from each other, and little moved by a new note."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.graph.layout import SIZE, layout

Links = list[tuple[int, int]]


def clusters(count: int, size: int) -> tuple[list[str], Links]:
    """Groups of notes that mostly link each other."""
    chance = random.Random(1)
    links = []
    for n in range(count):
        group = n // size * size
        for _ in range(6):
            near = chance.random() < 0.8
            links.append((n, chance.randrange(group, group + size) if near else chance.randrange(count)))
    return [f"concepts/Note {n:04}.md" for n in range(count)], links


def moved(names: list[str], links: Links, new: str, to: list[int]) -> np.ndarray:
    """How far each node goes when the note `new`, first in order, links the nodes `to`."""
    before = np.array(layout(names, links))
    shifted = [(a + 1, b + 1) for a, b in links] + [(0, n + 1) for n in to]
    after = np.array(layout([new, *names], shifted))
    return np.sqrt(((before - after[1:]) ** 2).sum(1))


def test_a_new_note_moves_the_others_little() -> None:
    names, links = clusters(300, 30)
    far = moved(names, links, "concepts/A new note.md", [3, 8, 20])
    assert np.median(far) < 0.03 * SIZE and np.percentile(far, 90) < 0.1 * SIZE
    lone = moved(names, links, "concepts/A note without links.md", [])
    assert lone.max() == 0


def test_linked_notes_are_near_and_none_lie_on_each_other() -> None:
    names, links = clusters(300, 30)
    places = np.array(layout(names, links), dtype=float)
    gaps = np.sqrt(((places[:, None] - places[None]) ** 2).sum(2))
    linked = np.mean([gaps[a, b] for a, b in links if a != b])
    assert linked < 0.5 * gaps.mean()
    np.fill_diagonal(gaps, np.inf)
    assert gaps.min() > 1 and np.median(gaps.min(1)) > 0.02 * SIZE


def test_notes_without_links_stand_by_the_others_and_not_far_off() -> None:
    _, links = clusters(300, 30)
    links += [(300, 0), (301, 300), (302, 301)]  # a tail, which reaches out
    for lone in (1, 2, 40):
        places = np.array(
            layout([f"b{n}" for n in range(303)] + [f"a{n}" for n in range(lone)], links), float
        )
        gaps = np.sqrt(((places[303:, None] - places[None]) ** 2).sum(2))
        gaps[np.arange(lone), np.arange(303, 303 + lone)] = np.inf
        assert gaps.min() > 0.02 * SIZE and gaps.min(1).max() < 0.3 * SIZE, lone


def test_order_and_direction_of_links_do_not_matter() -> None:
    names, links = clusters(60, 20)
    shuffled = [(b, a) for a, b in links] + links[:5] + [(4, 4)]
    random.Random(2).shuffle(shuffled)
    assert layout(names, links) == layout(names, shuffled)


def test_many_nodes_repel_by_cells_much_as_one_by_one() -> None:
    names, links = clusters(1600, 40)
    places = np.array(layout(names, links), dtype=float)
    linked = np.mean([np.hypot(*(places[a] - places[b])) for a, b in links if a // 40 == b // 40])
    assert linked < 0.2 * SIZE


@settings(max_examples=settings().max_examples * 3 // 5, deadline=None)
@given(st.integers(0, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30))
def test_any_graph_has_places_within_bounds(count: int, links: Links) -> None:
    names = [f"n{n}" for n in range(count)]
    places = layout(names, [(a, b) for a, b in links if max(a, b) < count])
    assert len(places) == count
    assert all(abs(x) <= 2 * SIZE and abs(y) <= 2 * SIZE for x, y in places)
