"""Guards rotary positions: pairing, angles, offsets, partial rotation, and fast path = reference."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import rope
from kvist.ops.rope import rope_angles

IMPLEMENTATIONS = ["reference", "mlx"]


def exact(x: np.ndarray, offset: int, base: float, dims: int) -> np.ndarray:
    """Each pair (j, j + dims/2) as a complex number times exp(i · angle), in float64."""
    half = dims // 2
    angles = (offset + np.arange(x.shape[-2]))[:, None] * base ** (-2 * np.arange(half) / dims)
    turned = (x[..., :half] + 1j * x[..., half:dims]) * np.exp(1j * angles)
    return np.concatenate([turned.real, turned.imag, x[..., dims:]], axis=-1)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize(("offset", "base", "dims"), [(0, 1e4, 16), (5, 1e6, 16), (3, 500.0, 8)])
def test_equals_complex_rotation(implementation: str, offset: int, base: float, dims: int) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 16)).astype(np.float32)
    out = rope(mx.array(x), offset=offset, base=base, dims=dims, implementation=implementation)
    np.testing.assert_allclose(np.array(out), exact(x, offset, base, dims), atol=2e-6)


def test_traditional_pairs_are_neighbours() -> None:
    """The same rotation as half-split of the features in another order."""
    x = mx.random.normal((2, 3, 6, 16), key=mx.random.key(0))
    order = mx.array([*range(0, 12, 2), *range(1, 12, 2), *range(12, 16)])
    for implementation in IMPLEMENTATIONS:
        out = rope(x, offset=4, dims=12, traditional=True, implementation=implementation)
        split = rope(x[..., order], offset=4, dims=12, implementation="reference")
        assert mx.allclose(out[..., order], split, atol=1e-6)


def test_fast_path_equals_reference_far_out() -> None:
    x = mx.random.normal((1, 2, 4, 128), key=mx.random.key(0))
    fast = rope(x, offset=30_000, base=1e6)
    assert mx.abs(fast - rope(x, offset=30_000, base=1e6, implementation="reference")).max().item() < 1e-5


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_offset_continues_a_sequence(implementation: str) -> None:
    x = mx.random.normal((1, 1, 8, 16), key=mx.random.key(0))
    whole = rope(x, implementation=implementation)
    tail = rope(x[:, :, 5:], offset=5, implementation=implementation)
    assert mx.allclose(whole[:, :, 5:], tail, atol=1e-6)


def test_scores_depend_on_distance_only() -> None:
    q, k = (mx.random.normal((1, 1, 1, 32), key=mx.random.key(seed)) for seed in (0, 1))
    near = (rope(q, offset=7) * rope(k, offset=3)).sum()
    far = (rope(q, offset=104) * rope(k, offset=100)).sum()
    assert abs(near.item() - far.item()) < 1e-4


def test_angles() -> None:
    angles = rope_angles(3, offset=2, base=100.0, dims=4)
    np.testing.assert_allclose(np.array(angles), [[2, 0.2], [3, 0.3], [4, 0.4]], rtol=1e-6)


def test_dtype_is_kept() -> None:
    for implementation in IMPLEMENTATIONS:
        assert rope(mx.zeros((1, 1, 2, 4), mx.bfloat16), implementation=implementation).dtype == mx.bfloat16


@pytest.mark.parametrize("dims", [3, 0, 18])
def test_refuses_bad_dims(dims: int) -> None:
    with pytest.raises(KvistError, match=rf"\[rope\] need an even .* D=16, got dims={dims}"):
        rope(mx.zeros((1, 1, 2, 16)), dims=dims)


def test_refuses_bad_shape_and_implementation() -> None:
    with pytest.raises(KvistError, match=r"need x of shape \(B, H, L, D\), got shape \(2, 4\)"):
        rope(mx.zeros((2, 4)))
    with pytest.raises(KvistError, match="implementation"):
        rope(mx.zeros((1, 1, 2, 4)), implementation="fast")
