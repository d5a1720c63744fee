"""Guards the mixture of experts: grouped by expert equals token by token."""

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.nn import mixture, route
from kvist.nn.moe import mixture_reference


@pytest.mark.parametrize(("tokens", "experts", "k"), [(1, 4, 1), (9, 4, 2), (6, 3, 3)])
def test_grouped_is_the_loop(tokens: int, experts: int, k: int) -> None:
    x = mx.random.normal((tokens, 8), key=mx.random.key(0))
    logits = mx.random.normal((tokens, experts), key=mx.random.key(1))
    weights = mx.random.normal((experts, 8, 8), key=mx.random.key(2))
    functions = [lambda rows, w=w: mx.tanh(rows @ w) for w in weights]
    got, want = mixture(x, logits, functions, k), mixture_reference(x, logits, functions, k)
    assert mx.allclose(got, want, atol=1e-6)


def test_route() -> None:
    ids, weights = route(mx.array([[1.0, 3.0, 3.0, 0.0]]), 2)
    assert ids.tolist() == [[1, 2]] and weights.tolist() == [[0.5, 0.5]]
    everything = mx.softmax(mx.array([0.5, 2.0, 1.0]))
    _, kept = route(mx.array([[0.5, 2.0, 1.0]]), 2)
    assert mx.allclose(kept[0], everything[mx.array([1, 2])] / (everything[1] + everything[2]))


def test_bad_input() -> None:
    with pytest.raises(KvistError, match="k from 1"):
        route(mx.zeros((2, 3)), 4)
    with pytest.raises(KvistError, match=r"logits \(N, 2\)"):
        mixture(mx.zeros((2, 3)), mx.zeros((2, 3)), [abs, abs], 1)
