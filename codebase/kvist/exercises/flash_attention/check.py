"""Flash attention: the engine's own is `kvist.ops.flash_attention`; `attention` is the definition."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.ops import attention


class _Watched:
    """Keys or values that remember the longest slice that was asked for."""

    def __init__(self, array: mx.array) -> None:
        self.array, self.longest = array, 0

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    def __len__(self) -> int:
        return self.array.shape[0]

    def __getitem__(self, index: slice) -> mx.array:
        piece = self.array[index]
        self.longest = max(self.longest, piece.shape[0] if piece.ndim > 1 else 1)
        return piece


def _same(solution: ModuleType, keys: int, block: int, scale: float) -> None:
    q = mx.random.normal((8,), key=mx.random.key(0)) * scale
    k, v = (mx.random.normal((keys, 8), key=mx.random.key(n)) for n in (1, 2))
    got = np.array(solution.flash_row(q, k, v, block))
    want = np.array(attention(q[None, None, None], k[None, None], v[None, None]))[0, 0, 0]
    assert got.shape == want.shape, f"need shape {want.shape}, got {got.shape}"
    assert np.abs(got - want).max() < 1e-4, f"a number is off by {np.abs(got - want).max():.2g}"


def check_even(solution: ModuleType) -> None:
    """Equals attention when the tiles fit."""
    _same(solution, 16, 4, 1.0)


def check_ragged(solution: ModuleType) -> None:
    """Equals attention when the last tile is short, and when one tile holds all."""
    _same(solution, 13, 4, 1.0)
    _same(solution, 3, 64, 1.0)


def check_large_scores(solution: ModuleType) -> None:
    """Does not overflow on scores near 1000."""
    _same(solution, 13, 4, 900.0)


def check_tiles(solution: ModuleType) -> None:
    """Reads keys and values `block` rows at a time."""
    q = mx.random.normal((8,), key=mx.random.key(0))
    k, v = (_Watched(mx.random.normal((16, 8), key=mx.random.key(n))) for n in (1, 2))
    solution.flash_row(q, k, v, 4)
    longest = max(k.longest, v.longest)
    assert 1 <= longest <= 4, f"need slices k[i : i + block] of at most 4 rows, got {longest}"
