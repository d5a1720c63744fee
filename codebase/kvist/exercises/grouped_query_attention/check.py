"""Grouped-query attention: the engine's own is `kvist.ops.attention`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.ops import attention


def _same(solution: ModuleType, heads: int, kv_heads: int) -> None:
    q = mx.random.normal((2, heads, 3, 4), key=mx.random.key(0))
    k, v = (mx.random.normal((2, kv_heads, 5, 4), key=mx.random.key(n)) for n in (1, 2))
    got = solution.grouped_attention(q, k, v)
    assert got.shape == q.shape, f"need shape {q.shape}, got {got.shape}"
    worst = np.abs(np.array(got - attention(q, k, v))).max()
    assert worst < 1e-5, (
        f"a number is off by {worst:.2g}: query head h reads KV head h // {heads // kv_heads}"
    )


def check_groups_of_three(solution: ModuleType) -> None:
    """Equals the engine's attention with 6 query heads on 2 KV heads."""
    _same(solution, 6, 2)


def check_multi_query(solution: ModuleType) -> None:
    """Equals the engine's attention with one KV head for all."""
    _same(solution, 4, 1)


def check_multi_head(solution: ModuleType) -> None:
    """Is ordinary multi-head attention when there are as many KV heads."""
    _same(solution, 4, 4)
