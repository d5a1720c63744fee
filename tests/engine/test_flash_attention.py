"""Guards online softmax and flash attention: the same numbers as the definition, whatever the tiles."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import attention, flash_attention, merge_softmax, online_softmax, softmax, softmax_state


@pytest.mark.parametrize("block", [1, 3, 32, 100])
def test_online_softmax_is_softmax(block: int) -> None:
    x = mx.random.normal((3, 50), key=mx.random.key(0)) * 30 + 500
    assert mx.allclose(online_softmax(x, block), softmax(x, implementation="reference"), atol=1e-6)


def test_states_merge_in_any_grouping_and_beside_what_is_masked() -> None:
    x = mx.random.normal((2, 12), key=mx.random.key(1))
    masked = mx.full((2, 4), -mx.inf)
    a, b, c = (softmax_state(part) for part in (x[:, :5], masked, x[:, 5:]))
    left, right = merge_softmax(merge_softmax(a, b), c), merge_softmax(b, merge_softmax(c, a))
    want = mx.logsumexp(x, axis=-1, keepdims=True)
    assert mx.allclose(left.logsumexp, want, atol=1e-6) and mx.allclose(right.logsumexp, want, atol=1e-6)
    assert online_softmax(masked[:, :1]).shape == (2, 1)


@pytest.mark.parametrize(
    ("blocks", "length", "keys"), [((4, 4), 8, 8), ((3, 5), 7, 11), ((64, 64), 9, 9), ((1, 1), 2, 6)]
)
@pytest.mark.parametrize("causal", [False, True])
def test_flash_is_attention(blocks: tuple[int, int], length: int, keys: int, causal: bool) -> None:
    q, k, v = (
        mx.random.normal(shape, key=mx.random.key(n)) * 4
        for n, shape in enumerate([(2, 4, length, 8), (2, 2, keys, 8), (2, 2, keys, 8)])
    )
    got = flash_attention(q, k, v, causal=causal, block_q=blocks[0], block_k=blocks[1])
    want = attention(q, k, v, mask="causal" if causal else None, implementation="reference")
    assert np.abs(np.array(got - want)).max() < 3e-5  # of values up to 16, on any processor


def test_bad_input() -> None:
    x = mx.zeros((1, 1, 2, 4))
    with pytest.raises(KvistError, match="need blocks of at least 1"):
        flash_attention(x, x, x, block_q=0)
    with pytest.raises(KvistError, match="no more queries than keys"):
        flash_attention(x, x[:, :, :1], x[:, :, :1], causal=True)
    with pytest.raises(KvistError, match="n at least 1"):
        softmax_state(mx.zeros((2, 0)))
    with pytest.raises(KvistError, match="block=0"):
        online_softmax(x, 0)
