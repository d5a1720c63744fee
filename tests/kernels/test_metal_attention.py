"""Guards the Metal implementations of attention: what they take, what they refuse, and what they share."""

from collections.abc import Callable

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.ops import attention, flash_attention
from kvist.ops.metal import flash_attention as flash_attention_calls


def normal(seed: int, *shape: int) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed))


Q, K, V = normal(1, 1, 2, 3, 16), normal(2, 1, 1, 5, 16), normal(3, 1, 1, 5, 16)
WIDE = mx.zeros((1, 1, 2, 130))

REFUSED: dict[str, Callable[[], mx.array]] = {
    'need mask None or "causal", and keys, for implementation="metal", got mask array': lambda: attention(
        Q, K, V, mask=mx.ones((3, 5), mx.bool_), implementation="metal"
    ),
    "need a head_dim of at most 128": lambda: attention(WIDE, WIDE, WIDE, implementation="metal"),
    "need keys and values of one shape": lambda: attention(Q, K, V[..., :8], implementation="metal"),
    "need q, k and v of one dtype": lambda: attention(Q, K.astype(mx.float16), V, implementation="metal"),
    "need implementation reference, metal, got 'cpp'": lambda: flash_attention(Q, K, V, implementation="cpp"),
    "need version naive, online, tiled, matrix, got 'fast'": lambda: flash_launch(version="fast"),
}


def flash_launch(version: str) -> mx.array:
    return flash_attention_calls.launch(Q, K, V, 1.0, causal=True, version=version).run()[0]


@pytest.mark.parametrize("message", REFUSED)
def test_what_the_kernels_have_not_is_refused(message):
    with pytest.raises(KvistError) as caught:
        REFUSED[message]()
    assert message in str(caught.value)


def test_no_query_gives_nothing():
    for run in (attention, flash_attention):
        assert run(Q[:, :, :0], K, V, implementation="metal").shape == (1, 2, 0, 16)
