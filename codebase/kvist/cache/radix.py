"""Prefix cache as a radix tree over token ids: the bookkeeping of RadixAttention, token by token.

The tree stores no keys and values, only the slot (row of a KV pool) of every cached token; see
`kvist.cache.slots` for the pool. A path from the root spells a prefix that some request has already computed.

Source: Zheng et al. 2023, SGLang (arXiv:2312.07104), section 3.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kvist.cache.radix_node import Outline, RadixNode, format_tree, outline
from kvist.errors import KvistError


class Match(NamedTuple):
    """The longest cached prefix of a request."""

    length: int
    """Number of leading tokens that are cached."""
    slots: list[int]
    """Their slots, in token order; they stay the tree's."""
    node: RadixNode
    """Where the prefix ends; `lock` it before anything may evict."""


@dataclass(slots=True)
class RadixStats:
    """Counters since the cache was made. Only `match_prefix` counts as a lookup."""

    lookups: int = 0
    prompt_tokens: int = 0
    matched_tokens: int = 0
    evicted_tokens: int = 0

    @property
    def hit_rate(self) -> float:
        """Matched tokens / prompt tokens over all lookups; 0.0 before the first one."""
        return self.matched_tokens / self.prompt_tokens if self.prompt_tokens else 0.0


class RadixCache:
    """Longest-prefix match, insertion, locks, and eviction of the least recently used unlocked leaf.

    A request uses it in this order: `match_prefix`, `lock` the match, `evict` when slots are short, compute
    the missing tokens, `insert` the whole sequence, `unlock`. Time is a counter of the calls to
    `match_prefix` and `insert`, so the same calls give the same tree on every machine. No call ever evicts by
    itself: every slot that leaves the tree is returned by `evict`, once.
    """

    def __init__(self, capacity_tokens: int) -> None:
        if capacity_tokens < 1:
            raise KvistError("RadixCache", "a capacity of at least 1 token", str(capacity_tokens))
        self.capacity_tokens = capacity_tokens
        self.root = RadixNode((), (), None)
        self.stats = RadixStats()
        self._clock = 0
        self._owned: set[int] = set()  # every slot in the tree
        self._locked_tokens = 0

    @property
    def total_tokens(self) -> int:
        """Tokens in the tree; each owns one slot."""
        return len(self._owned)

    @property
    def evictable_tokens(self) -> int:
        """Tokens that `evict` could free now: those in no locked node."""
        return self.total_tokens - self._locked_tokens

    def match_prefix(self, tokens: Sequence[int]) -> Match:
        """The longest prefix of `tokens` in the tree, to the token.

        Marks the path as just used and counts a lookup. When the match ends inside a node, that node is
        split, so that the returned node covers the match and nothing else; nodes handed out earlier stay
        valid.
        """
        key = _as_tokens(tokens)
        node, length = self._node_at(key)
        self._touch(node)
        self.stats.lookups += 1
        self.stats.prompt_tokens += len(key)
        self.stats.matched_tokens += length
        return Match(length, node.path_slots(), node)

    def peek(self, tokens: Sequence[int]) -> int:
        """The length that `match_prefix` would find, without any effect on the tree."""
        return self._descend(_as_tokens(tokens))[1]

    def insert(self, tokens: Sequence[int], slots: Sequence[int]) -> int:
        """Give the tree the sequence `tokens`, whose token i has its keys and values in `slots[i]`.

        Returns n, the number of leading tokens that the tree held already. `slots[n:]` belong to the tree
        from now on. `slots[:n]` do not: they are either the tree's own (from `match_prefix`) or duplicates of
        a prefix that another request inserted first, and the caller frees those. Raises KvistError, with the
        tree unchanged, when the lengths differ, when a new slot is already in the tree, or when the new
        tokens exceed the free capacity.
        """
        key, values = _as_tokens(tokens), tuple(map(int, slots))
        if len(key) != len(values):
            raise KvistError(
                "RadixCache.insert", "one slot for each token", f"{len(key)} tokens, {len(values)} slots"
            )
        length = self._descend(key)[1]
        self._check_new(values[length:])
        node, _ = self._node_at(key)
        if length < len(key):
            leaf = RadixNode(key[length:], values[length:], node)
            node.children[key[length]] = leaf
            self._owned.update(leaf.slots)
            node = leaf
        self._touch(node)
        return length

    def lock(self, node: RadixNode) -> None:
        """Keep `node` and everything above it from eviction until the matching `unlock`. Locks nest."""
        self._check_node("RadixCache.lock", node)
        node.held += 1
        for ancestor in node.path():
            ancestor.lock_count += 1
            if ancestor.lock_count == 1:
                self._locked_tokens += len(ancestor.tokens)

    def unlock(self, node: RadixNode) -> None:
        """Undo one `lock` of the same node. Raises KvistError when there is none to undo."""
        self._check_node("RadixCache.unlock", node)
        if node.held == 0:
            raise KvistError(
                "RadixCache.unlock", "a node that is locked itself", f"{node.lock_count} locks, all below it"
            )
        node.held -= 1
        for ancestor in node.path():
            ancestor.lock_count -= 1
            if ancestor.lock_count == 0:
                self._locked_tokens -= len(ancestor.tokens)

    def evict(self, num_tokens: int) -> list[int]:
        """Remove least recently used unlocked leaves until `num_tokens` are free; return their slots.

        Whole leaves go, so more may be freed than asked for; a parent that loses its last child is a leaf
        from then on. Raises KvistError and removes nothing when fewer than `num_tokens` are evictable.
        """
        if num_tokens > self.evictable_tokens:
            need = f"at most {self.evictable_tokens} tokens, which is what is evictable"
            raise KvistError(
                "RadixCache.evict", need, str(num_tokens), "unlock finished requests or preempt one"
            )
        # No two leaves share a time of last use: one call touches one path, and a path has one leaf.
        heap = [(node.last_used, node) for node in self._nodes() if self._is_evictable(node)]
        heapq.heapify(heap)
        freed: list[int] = []
        while len(freed) < num_tokens:
            leaf = heapq.heappop(heap)[1]
            parent = self._remove(leaf)
            freed += leaf.slots
            if self._is_evictable(parent):
                heapq.heappush(heap, (parent.last_used, parent))
        self.stats.evicted_tokens += len(freed)
        return freed

    def pretty(self, decode: Callable[[list[int]], str] | None = None) -> str:
        """The tree as text, one node to a line. `decode` (a tokenizer's) shows text in place of token ids."""
        return format_tree(self.root, decode)

    def outline(self, decode: Callable[[list[int]], str] | None = None) -> Outline:
        """The tree as nested (label, kind, tokens, children): what `kvist.figures.tree` draws.

        The kind is "locked", "shared" (more than one continuation) or "single"; the label is the number of
        tokens, or what `decode` makes of them.
        """
        return outline(self.root, decode)

    def _descend(self, key: tuple[int, ...]) -> tuple[RadixNode, int, int]:
        """Follow `key`: the last node that shares tokens with it, tokens matched in all, and in that node."""
        node, length, inside = self.root, 0, 0
        while length < len(key) and (child := node.children.get(key[length])) is not None:
            node, inside = child, _common_length(child.tokens, key, length)
            length += inside
            if inside < len(child.tokens):
                break
        return node, length, inside

    def _node_at(self, key: tuple[int, ...]) -> tuple[RadixNode, int]:
        """The node that ends where the match of `key` ends, made by a split if need be; and the length."""
        node, length, inside = self._descend(key)
        return (self._split(node, inside) if inside < len(node.tokens) else node), length

    def _split(self, node: RadixNode, at: int) -> RadixNode:
        """Put a new parent that takes `node`'s first `at` tokens above it; return the parent.

        `node` keeps its identity and its end, so a lock taken on it still covers the same prefix; the new
        parent inherits the lock count and the time of last use.
        """
        assert node.parent is not None
        upper = RadixNode(node.tokens[:at], node.slots[:at], node.parent)
        upper.lock_count, upper.last_used = node.lock_count, node.last_used
        node.parent.children[upper.tokens[0]] = upper
        node.tokens, node.slots, node.parent = node.tokens[at:], node.slots[at:], upper
        upper.children[node.tokens[0]] = node
        return upper

    def _touch(self, node: RadixNode) -> None:
        self._clock += 1
        for ancestor in node.path():
            ancestor.last_used = self._clock

    def _remove(self, leaf: RadixNode) -> RadixNode:
        parent = leaf.parent
        assert parent is not None
        del parent.children[leaf.tokens[0]]
        self._owned.difference_update(leaf.slots)
        leaf.parent = None
        return parent

    def _nodes(self) -> Iterator[RadixNode]:
        stack = [self.root]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(node.children.values())

    def _is_evictable(self, node: RadixNode) -> bool:
        return node is not self.root and not node.children and node.lock_count == 0

    def _check_node(self, where: str, node: RadixNode) -> None:
        if list(node.path())[-1] is not self.root:
            raise KvistError(
                where, "a node of this tree", "a node that was evicted or belongs to another tree"
            )

    def _check_new(self, slots: tuple[int, ...]) -> None:
        taken = sorted(self._owned.intersection(slots))
        if taken or len(set(slots)) != len(slots):
            got = f"slots {taken[:5]}, which the tree owns" if taken else "one slot for two tokens"
            raise KvistError("RadixCache.insert", "a new slot for each new token", got)
        free = self.capacity_tokens - self.total_tokens
        if len(slots) > free:
            hint = f"call evict({len(slots) - free}) first"
            raise KvistError("RadixCache.insert", f"at most {free} new tokens", str(len(slots)), hint)


def _as_tokens(tokens: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(int, tokens))


def _common_length(run: tuple[int, ...], key: tuple[int, ...], start: int) -> int:
    """How many tokens of `run` agree with `key[start:]`."""
    if key[start : start + len(run)] == run:  # the common case, compared in C
        return len(run)
    return next(
        (i for i, (a, b) in enumerate(zip(run, key[start:], strict=False)) if a != b), len(key) - start
    )
