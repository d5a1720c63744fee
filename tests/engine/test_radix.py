"""Guards the radix cache: matches, splits, locks, eviction and slot accounting equal a brute-force model.

The model keeps one entry per cached prefix, so it has no nodes to get wrong; hypothesis drives both with the
same calls and compares every answer and the whole state after each.
"""

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kvist.cache import RadixCache
from kvist.cache.radix_node import RadixNode
from kvist.errors import KvistError

Prefix = tuple[int, ...]
CAPACITY = 20
SEQUENCES = st.lists(st.integers(0, 2), max_size=8).map(tuple)


def prefixes(tokens: Prefix) -> list[Prefix]:
    return [tokens[: i + 1] for i in range(len(tokens))]


class BruteForce:
    """The specification: every cached prefix with its slot, time of last use and number of locks."""

    def __init__(self) -> None:
        self.slot: dict[Prefix, int] = {}
        self.time: dict[Prefix, int] = {}
        self.locks: dict[Prefix, int] = {}
        self.cuts: set[Prefix] = set()  # where some match or insertion ended: eviction goes back to there
        self.clock = 0

    def match(self, tokens: Prefix) -> int:
        return next((n for n in range(len(tokens), 0, -1) if tokens[:n] in self.slot), 0)

    def use(self, tokens: Prefix) -> None:
        self.clock += 1
        self.cuts.add(tokens)
        for prefix in prefixes(tokens):
            self.time[prefix] = self.clock

    def insert(self, tokens: Prefix, slots: list[int]) -> int:
        length = self.match(tokens)
        self.cuts.add(tokens[:length])
        for prefix, slot in zip(prefixes(tokens)[length:], slots[length:], strict=True):
            self.slot[prefix], self.locks[prefix] = slot, 0
        self.use(tokens)
        return length

    def lock(self, tokens: Prefix, change: int) -> None:
        for prefix in prefixes(tokens):
            self.locks[prefix] += change

    def evictable(self) -> int:
        return sum(count == 0 for count in self.locks.values())

    def evict(self, num_tokens: int) -> list[list[int]]:
        """Slots of each evicted leaf, in order of eviction."""
        freed: list[list[int]] = []
        while sum(map(len, freed)) < num_tokens:
            inner = {prefix[:-1] for prefix in self.slot}
            leaves = [p for p in self.slot if p not in inner and self.locks[p] == 0]
            end = min(leaves, key=lambda p: self.time[p])
            run = [end]
            while (up := run[-1][:-1]) not in self.cuts and up and self._children(up) == 1:
                run.append(up)
            freed.append([self.slot[prefix] for prefix in reversed(run)])
            for prefix in run:
                del self.slot[prefix], self.time[prefix], self.locks[prefix]
            self.cuts.discard(end)
        return freed

    def _children(self, prefix: Prefix) -> int:
        return sum(p[:-1] == prefix for p in self.slot)


class RadixMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.cache, self.model = RadixCache(CAPACITY), BruteForce()
        self.free = list(range(CAPACITY + 8))  # some more than the tree may hold, for duplicates
        self.handles: list[tuple[RadixNode, Prefix]] = []
        self.held: list[tuple[RadixNode, Prefix]] = []

    @rule(tokens=SEQUENCES)
    def match(self, tokens: Prefix) -> None:
        assert self.cache.peek(tokens) == self.model.match(tokens)
        found = self.cache.match_prefix(tokens)
        length = self.model.match(tokens)
        self.model.use(tokens[:length])
        assert found.length == length
        assert found.slots == [self.model.slot[prefix] for prefix in prefixes(tokens[:length])]
        self.handles.append((found.node, tokens[:length]))

    @rule(tokens=SEQUENCES, duplicate=st.booleans())
    def insert(self, tokens: Prefix, duplicate: bool) -> None:
        """With `duplicate` the request computed everything itself, as two requests at the same time do."""
        length = self.model.match(tokens)
        own = 0 if duplicate else length
        new = [self.free.pop() for _ in range(min(len(tokens) - own, len(self.free)))]
        slots = [self.model.slot[prefix] for prefix in prefixes(tokens[:own])] + new
        if len(slots) == len(tokens) and len(self.model.slot) + len(tokens) - length <= CAPACITY:
            assert self.cache.insert(tokens, slots) == self.model.insert(tokens, slots) == length
            self.free += slots[own:length]
        else:
            with pytest.raises(KvistError):
                self.cache.insert(tokens, slots)
            self.free += new

    @precondition(lambda self: self.handles)
    @rule(data=st.data())
    def lock(self, data: st.DataObject) -> None:
        node, prefix = data.draw(st.sampled_from(self.handles))
        self.cache.lock(node)
        self.model.lock(prefix, +1)
        self.held.append((node, prefix))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def unlock(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.held) - 1))
        node, prefix = self.held.pop(index)
        self.cache.unlock(node)
        self.model.lock(prefix, -1)
        if all(other is not node for other, _ in self.held):
            with pytest.raises(KvistError, match="locked"):
                self.cache.unlock(node)

    @rule(num_tokens=st.integers(0, CAPACITY))
    def evict(self, num_tokens: int) -> None:
        if num_tokens > self.model.evictable():
            with pytest.raises(KvistError, match="evictable"):
                self.cache.evict(num_tokens)
            return
        freed = self.cache.evict(num_tokens)
        assert freed == [slot for run in self.model.evict(num_tokens) for slot in run]
        assert len(freed) >= num_tokens
        self.free += freed
        gone = [(n, p) for n, p in self.handles if p and p not in self.model.slot]
        self.handles = [(n, p) for n, p in self.handles if not p or p in self.model.slot]
        for node, _ in gone:
            with pytest.raises(KvistError, match="this tree"):
                self.cache.lock(node)

    @invariant()
    def no_slot_is_lost_or_owned_twice(self) -> None:
        assert sorted(self.free + list(self.model.slot.values())) == list(range(CAPACITY + 8))

    @invariant()
    def state_equals_model(self) -> None:
        assert self.cache.total_tokens == len(self.model.slot)
        assert self.cache.evictable_tokens == self.model.evictable()
        seen = dict(entries(self.cache.root, ()))
        assert {p: s for p, (s, _, _) in seen.items()} == self.model.slot
        assert {p: locks for p, (_, locks, _) in seen.items()} == self.model.locks
        assert {p: time for p, (_, _, time) in seen.items()} == self.model.time


def entries(node: RadixNode, above: Prefix) -> Iterator[tuple[Prefix, tuple[int, int, int]]]:
    """(prefix, (slot, lock count, last use)) of every token in the tree; asserts its structure on the way."""
    path = above + node.tokens
    assert len(node.tokens) == len(node.slots)
    for i, slot in enumerate(node.slots):
        yield path[: len(above) + i + 1], (slot, node.lock_count, node.last_used)
    assert node.lock_count == node.held + sum(child.lock_count for child in node.children.values())
    for first, child in node.children.items():
        assert child.parent is node
        assert child.tokens[0] == first
        assert child.last_used <= node.last_used
        yield from entries(child, path)


TestRadixMachine = RadixMachine.TestCase
TestRadixMachine.settings = settings(
    max_examples=settings().max_examples * 3 // 2,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Server:
    """Requests one after the other, each with the protocol that the docstring of RadixCache asks for."""

    def __init__(self, capacity: int) -> None:
        self.cache = RadixCache(capacity)
        self.free = list(range(capacity))

    def serve(self, prompt: list[int], output: tuple[int, ...] = ()) -> int:
        match = self.cache.match_prefix(prompt)
        self.cache.lock(match.node)
        tokens = [*prompt, *output]
        missing = len(tokens) - match.length
        self.free += self.cache.evict(max(0, missing - len(self.free)))
        slots = match.slots + [self.free.pop() for _ in range(missing)]
        held = self.cache.insert(tokens, slots)
        self.free += slots[match.length : held]
        self.cache.unlock(match.node)
        return match.length


def test_figure_4_nine_steps() -> None:
    """Two chats on one system prompt, a few-shot batch, self-consistency sampling: the SGLang post."""
    server = Server(1000)
    system, shots = list(range(100, 110)), list(range(200, 230))
    first = [*system, 1, 2, 3]
    hits = [
        server.serve(first, (4, 5)),
        server.serve([*first, 4, 5, 6, 7], (8,)),
        server.serve([*system, 20, 21], (22,)),
        server.serve([*system, 20, 21, 22, 23], (24,)),
        server.serve([*shots, 301], (302,)),
        *(server.serve([*shots, 310 + i], (400 + i,)) for i in range(3)),
        *(server.serve([*shots, 301]) for _ in range(2)),
    ]
    assert hits == [0, 15, 10, 13, 0, 30, 30, 30, 31, 31]
    assert server.cache.total_tokens == 61
    assert server.cache.stats.matched_tokens == sum(hits) == 190
    assert server.cache.stats.hit_rate == pytest.approx(190 / 242)


def test_match_is_to_the_token() -> None:
    server = Server(100)
    server.serve([*range(37), 50])
    assert server.serve([*range(37), 60]) == 37  # a cache of whole blocks of 16 would give 32


def test_multi_turn_hit_rate() -> None:
    draw = random.Random(0)
    server = Server(100_000)
    system = [draw.randrange(5000) for _ in range(300)]
    chats = [list(system) for _ in range(20)]
    for _ in range(6):
        for chat in chats:
            chat += [draw.randrange(5000) for _ in range(40)]
            output = tuple(draw.randrange(5000) for _ in range(80))
            server.serve(chat, output)
            chat += output
    assert server.cache.stats.hit_rate == pytest.approx(0.934, abs=5e-4)


def test_order_of_requests_decides_the_hit_rate_of_a_small_cache() -> None:
    draw = random.Random(1)
    groups = [[draw.randrange(9999) for _ in range(400)] for _ in range(8)]
    requests = [[*group, *(draw.randrange(9999) for _ in range(20))] for _ in range(12) for group in groups]

    def hit_rate(order: list[list[int]], capacity: int) -> float:
        server = Server(capacity)
        for request in order:
            server.serve(request)
        return server.cache.stats.hit_rate

    best = hit_rate(requests, 100_000)
    assert best == pytest.approx(8 * 11 * 400 / (96 * 420), abs=1e-3)
    assert hit_rate(requests, 900) == 0.0
    assert hit_rate(sorted(requests), 900) == pytest.approx(best, abs=1e-3)


def test_eviction_takes_the_oldest_unlocked_leaf_and_then_its_parent() -> None:
    cache = RadixCache(10)
    cache.insert([1, 2, 3], [0, 1, 2])
    cache.insert([1, 2, 4], [0, 1, 3])
    cache.insert([7], [4])
    locked = cache.match_prefix([1, 2, 4]).node
    cache.lock(locked)
    assert cache.evict(1) == [2]
    assert cache.evict(1) == [4]
    with pytest.raises(KvistError, match="evictable"):
        cache.evict(1)
    cache.unlock(locked)
    assert cache.evict(1) == [3]
    assert cache.evict(1) == [0, 1]
    assert cache.total_tokens == 0


def test_split_keeps_the_lock_on_both_halves() -> None:
    cache = RadixCache(10)
    cache.insert([1, 2, 3, 4], [0, 1, 2, 3])
    node = cache.match_prefix([1, 2, 3, 4]).node
    cache.lock(node)
    assert cache.match_prefix([1, 2, 9]).length == 2
    assert cache.evictable_tokens == 0
    cache.unlock(node)
    assert cache.evictable_tokens == 4


def test_refusals_name_what_is_wrong_and_change_nothing() -> None:
    cache = RadixCache(3)
    cache.insert([1, 2], [0, 1])
    before = cache.pretty()
    for tokens, slots, message in (
        ([1], [0, 1], "1 tokens, 2 slots"),
        ([1, 5], [0, 0], "slots \\[0\\], which the tree owns"),
        ([5, 6], [7, 7], "one slot for two tokens"),
        ([5, 6], [7, 8], "evict\\(1\\) first"),
    ):
        with pytest.raises(KvistError, match=message):
            cache.insert(tokens, slots)
    with pytest.raises(KvistError, match="capacity"):
        RadixCache(0)
    assert cache.pretty() == before


def test_pretty_and_outline() -> None:
    cache = RadixCache(20)
    cache.insert([1, 2, 3], [0, 1, 2])
    cache.insert([1, 2, 9, 9, 9, 9, 9, 9, 8], [0, 1, *range(3, 10)])
    cache.lock(cache.match_prefix([1, 2, 3]).node)
    assert cache.pretty().splitlines() == [
        "root",
        "└─ [1 2]  2 tokens, used at 3, locked 1×",
        "   ├─ [3]  1 token, used at 3, locked 1×",
        "   └─ [9 9 … 8]  7 tokens, used at 2",
    ]
    assert "'1-2'" in cache.pretty(lambda tokens: "-".join(map(str, tokens)))
    shared = cache.outline()[3][0]
    assert shared[:3] == ("2", "locked", 2)
    assert [child[:3] for child in shared[3]] == [("1", "locked", 1), ("7", "single", 7)]
