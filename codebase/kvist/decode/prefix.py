"""Prefill that computes only what no earlier request has computed: RadixAttention with real KV."""

from collections.abc import Sequence
from typing import NamedTuple

import mlx.core as mx

from kvist.cache import RadixCache, SlotPool
from kvist.decode.generate import LanguageModel, prefill
from kvist.errors import KvistError


class PrefixPrefill(NamedTuple):
    """The result of a prefill, and what it cost."""

    logits: mx.array
    """(1, V), after the last token of the prompt."""
    num_computed: int
    """Tokens that went through the model; the rest of the prompt came from the cache."""


def prefill_with_prefix_cache(
    model: LanguageModel, tokens: Sequence[int], radix: RadixCache, pool: SlotPool
) -> PrefixPrefill:
    """Prefill `tokens` on top of their longest prefix in `radix`, and leave all of them in `radix`.

    The last token is always computed, because its logits are what is asked for. Slots come from `pool`; when
    it or the tree is short of room, least recently used prefixes are evicted. Raises KvistError on an empty
    prompt and when the prompt cannot fit; nothing is left locked or lost then.
    """
    if not tokens:
        raise KvistError("prefill_with_prefix_cache", "at least one token", "none")
    match = radix.match_prefix(tokens[:-1])
    radix.lock(match.node)  # or making room for the new tokens might evict the prefix that they follow
    new_slots: list[int] = []
    try:
        new_slots = _take_slots(len(tokens) - match.length, radix, pool)
        slots = match.slots + new_slots
        logits = prefill(model, tokens[match.length :], pool.make_cache(slots, match.length))
        mx.eval(logits, pool.state)
        num_held = radix.insert(tokens, slots)
        # The last token may have been in the tree: then its slot is a duplicate, and stays ours to free.
        new_slots = slots[match.length : num_held]
    finally:
        pool.free(new_slots)
        radix.unlock(match.node)
    return PrefixPrefill(logits, len(tokens) - match.length)


def _take_slots(num_tokens: int, radix: RadixCache, pool: SlotPool) -> list[int]:
    """Free slots for `num_tokens`, after evicting what the pool or the tree has too little room for."""
    room = min(pool.num_free, radix.capacity_tokens - radix.total_tokens)
    if num_tokens > room:
        pool.free(radix.evict(num_tokens - room))
    return pool.allocate(num_tokens)
