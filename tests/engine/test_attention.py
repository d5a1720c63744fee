"""Guards attention: reference equals fast path equals a loop in numpy, for GQA and every kind of mask."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import attention, causal_mask

IMPLEMENTATIONS = ["reference", "mlx"]
B, H, HKV, L, S, D = 2, 4, 2, 3, 7, 8


def inputs(num_kv_heads: int = HKV, length: int = L) -> tuple[mx.array, mx.array, mx.array]:
    shapes = [(B, H, length, D), (B, num_kv_heads, S, D), (B, num_kv_heads, S, D)]
    q, k, v = (mx.random.normal(shape, key=mx.random.key(seed)) for seed, shape in enumerate(shapes))
    return q, k, v


def by_hand(q: mx.array, k: mx.array, v: mx.array, visible: np.ndarray, scale: float) -> np.ndarray:
    """One head, one query at a time, in float64, summing only over visible keys (B, H, L, S)."""
    queries, keys, values = (np.array(x, dtype=np.float64) for x in (q, k, v))
    group = queries.shape[1] // keys.shape[1]
    out = np.zeros((*queries.shape[:3], values.shape[-1]))
    for b, h, i in np.ndindex(*queries.shape[:3]):
        seen = visible[b, h, i]
        weights = np.exp(keys[b, h // group][seen] @ queries[b, h, i] * scale)
        out[b, h, i] = weights / weights.sum() @ values[b, h // group][seen]
    return out


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("num_kv_heads", [1, 2, 4])
def test_groups_of_query_heads_share_a_kv_head(implementation: str, num_kv_heads: int) -> None:
    q, k, v = inputs(num_kv_heads)
    expected = by_hand(q, k, v, np.ones((B, H, L, S), bool), D**-0.5)
    np.testing.assert_allclose(
        np.array(attention(q, k, v, implementation=implementation)), expected, atol=2e-6
    )


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("length", [1, 3, 7])
def test_causal_mask_lines_up_with_the_end(implementation: str, length: int) -> None:
    q, k, v = inputs(length=length)
    visible = np.zeros((B, H, length, S), bool)
    for i in range(length):
        visible[:, :, i, : S - length + i + 1] = True
    out = attention(q, k, v, scale=0.3, mask="causal", implementation=implementation)
    np.testing.assert_allclose(np.array(out), by_hand(q, k, v, visible, 0.3), atol=2e-6)
    assert np.array_equal(np.array(causal_mask(length, S)), visible[0, 0])


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("shape", [(L, S), (1, S), (B, 1, L, S), (B, H, L, S), (B, H, 1, S)])
def test_mask_arrays_broadcast(implementation: str, shape: tuple[int, ...]) -> None:
    q, k, v = inputs()
    visible = np.random.default_rng(0).random(shape) < 0.6
    visible[..., 0] = True  # every query sees something
    expected = by_hand(q, k, v, np.broadcast_to(visible, (B, H, L, S)), D**-0.5)
    boolean = attention(q, k, v, mask=mx.array(visible), implementation=implementation)
    added = mx.where(mx.array(visible), 0.0, -mx.inf)
    additive = attention(q, k, v, mask=added, implementation=implementation)
    np.testing.assert_allclose(np.array(boolean), expected, atol=2e-6)
    np.testing.assert_allclose(np.array(additive), expected, atol=2e-6)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_added_mask_changes_scores(implementation: str) -> None:
    q, k, v = inputs()
    bias = mx.random.normal((H, L, S), key=mx.random.key(9))
    weights = mx.softmax((q @ mx.repeat(k, 2, 1).swapaxes(2, 3)) * D**-0.5 + bias, axis=-1)
    out = attention(q, k, v, mask=bias, implementation=implementation)
    assert mx.allclose(out, weights @ mx.repeat(v, 2, 1), atol=2e-6)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_query_without_any_key_gets_the_mean(implementation: str) -> None:
    q, k, v = inputs()
    out = attention(q, k, v, mask=mx.zeros((L, S), mx.bool_), implementation=implementation)
    assert mx.allclose(out, mx.repeat(v, 2, 1).mean(axis=2, keepdims=True), atol=2e-6)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_values_may_be_of_another_width(implementation: str) -> None:
    q, k, _ = inputs()
    v = mx.random.normal((B, HKV, S, 5), key=mx.random.key(4))
    expected = by_hand(q, k, v, np.ones((B, H, L, S), bool), D**-0.5)
    np.testing.assert_allclose(
        np.array(attention(q, k, v, implementation=implementation)), expected, atol=2e-6
    )


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_half_precision(implementation: str) -> None:
    q, k, v = inputs()
    exact = attention(q, k, v, mask="causal")
    half = [x.astype(mx.bfloat16) for x in (q, k, v)]
    out = attention(*half, mask="causal", implementation=implementation)
    assert out.dtype == mx.bfloat16
    assert mx.allclose(out.astype(mx.float32), exact, atol=3e-2)
    masked = attention(*half, mask=mx.zeros((L, S)), implementation=implementation)
    assert masked.dtype == mx.bfloat16


BAD = {
    "q of shape": lambda q, k, v: attention(q[0], k, v),
    "equal batch, heads and tokens": lambda q, k, v: attention(q, k, v[:, :, :3]),
    "equal batch and head_dim": lambda q, k, v: attention(q[..., :4], k, v),
    "multiple of the KV heads": lambda q, k, v: attention(q[:, :3], k, v),
    "no more queries than keys": lambda q, k, v: attention(q, k[:, :, :2], v[:, :, :2], mask="causal"),
    'mask None, "causal" or an array': lambda q, k, v: attention(q, k, v, mask="full"),
    "mask that broadcasts to": lambda q, k, v: attention(q, k, v, mask=mx.zeros((L, S - 1))),
    "implementation": lambda q, k, v: attention(q, k, v, implementation="fast"),
    "k to be an mx.array, got a numpy array of float32. hint: mx.array(k)": (
        lambda q, k, v: attention(q, np.array(k), v)
    ),
    "q of a floating dtype, got mlx.core.int32": lambda q, k, v: attention(q.astype(mx.int32), k, v),
    "v of a floating dtype, got mlx.core.int32": lambda q, k, v: attention(q, k, v.astype(mx.int32)),
    "mask that is boolean or floating, got mlx.core.int32": (
        lambda q, k, v: attention(q, k, v, mask=mx.ones((L, S), mx.int32))
    ),
    "mask to be an mx.array, got True": lambda q, k, v: attention(q, k, v, mask=True),
    "scale to be a number, got 'x'": lambda q, k, v: attention(q, k, v, scale="x"),
    "at least one KV head": lambda q, k, v: attention(q, k[:, :0], v[:, :0]),
    "head_dim of at least 1": lambda q, k, v: attention(q[..., :0], k[..., :0], v),
}


@pytest.mark.parametrize("implementation", [*IMPLEMENTATIONS, None])
def test_queries_need_a_key_and_no_query_needs_none(implementation: str | None) -> None:
    q, k, v = inputs()
    with pytest.raises(KvistError, match=r"\[attention\] need at least one key, got none"):
        attention(q, k[:, :, :0], v[:, :, :0], implementation=implementation)
    for mask in (None, "causal"):
        out = attention(q[:, :, :0], k[:, :, :0], v[:, :, :0, :5], mask=mask, implementation=implementation)
        assert out.shape == (B, H, 0, 5)


@pytest.mark.parametrize("need", BAD)
def test_refuses_bad_input(need: str) -> None:
    with pytest.raises(KvistError, match=r"\[attention\]") as caught:
        BAD[need](*inputs())
    assert need in str(caught.value)
