"""Guards prefix reuse with real keys and values: logits of a plain prefill, fewer tokens, no slot lost."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.cache import RadixCache, SlotPool
from kvist.decode import prefill, prefill_with_prefix_cache
from kvist.errors import KvistError
from kvist.models import Qwen3, Qwen3Config

SYSTEM = list(range(20))


@pytest.fixture(scope="module")
def model() -> Qwen3:
    mx.random.seed(0)
    return Qwen3(
        Qwen3Config(
            vocab_size=97,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
        )
    )


def run(model: Qwen3, prompts: list[list[int]], radix: RadixCache, pool: SlotPool) -> list[int]:
    """Tokens computed for each prompt; asserts its logits and that every slot has one owner."""
    computed = []
    for prompt in prompts:
        result = prefill_with_prefix_cache(model, prompt, radix, pool)
        np.testing.assert_allclose(result.logits, prefill(model, prompt, model.make_cache()), atol=1e-5)
        assert radix.total_tokens + pool.num_free == pool.num_slots
        assert radix.evictable_tokens == radix.total_tokens
        computed.append(result.num_computed)
    return computed


def test_only_the_new_tokens_are_computed(model: Qwen3) -> None:
    prompts = [[*SYSTEM, 50, 51], [*SYSTEM, 60], [*SYSTEM, 60], [*SYSTEM, 60, 61, 62], [*SYSTEM[:7], 3]]
    assert run(model, prompts, RadixCache(64), SlotPool(64, 2)) == [22, 1, 1, 2, 1]


@pytest.mark.parametrize(("tree", "slots"), [(64, 32), (32, 32)])
def test_old_prefixes_make_room(model: Qwen3, tree: int, slots: int) -> None:
    prompts = [[*SYSTEM, 50], [90] * 11, [*SYSTEM, 51, 52], [91] * 20, [*SYSTEM, 50]]
    assert run(model, prompts, RadixCache(tree), SlotPool(slots, 2)) == [21, 11, 2, 20, 21]


def test_the_prefix_in_use_is_not_evicted(model: Qwen3) -> None:
    """It is older than the other one, but matched."""
    radix, pool = RadixCache(32), SlotPool(32, 2)
    prompts = [SYSTEM, [90] * 12, [*SYSTEM, *range(30, 41)]]
    assert run(model, prompts, radix, pool) == [20, 12, 11]


def test_a_failure_leaves_nothing_locked_or_lost(model: Qwen3) -> None:
    radix, pool = RadixCache(32), SlotPool(32, 2)
    run(model, [SYSTEM], radix, pool)
    with pytest.raises(KvistError, match="evictable"):
        prefill_with_prefix_cache(model, [*SYSTEM, *range(40, 60)], radix, pool)

    def broken(tokens: mx.array, cache: list) -> mx.array:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        prefill_with_prefix_cache(broken, [*SYSTEM, 1], radix, pool)
    assert radix.evictable_tokens == radix.total_tokens == 20
    assert pool.num_free == 12
    with pytest.raises(KvistError, match="at least one token"):
        prefill_with_prefix_cache(model, [], radix, pool)


def test_pool_refuses_to_lose_count() -> None:
    pool = SlotPool(4, 1)
    slots = pool.allocate(3)
    with pytest.raises(KvistError, match="from 0 to 1 slots"):
        pool.allocate(2)
    pool.free(slots[:1])
    with pytest.raises(KvistError, match="which is free"):
        pool.free(slots[:1])
    assert pool.num_free == 2
    with pytest.raises(KvistError, match="one for each slot"):
        pool.make_cache([1, 2])[0].update(mx.zeros((1, 2, 3, 4)), mx.zeros((1, 2, 3, 4)))
