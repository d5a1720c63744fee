"""Online softmax: the engine's own are `kvist.ops.softmax_state` and `merge_softmax`."""

import math
from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.ops import softmax_state

EMPTY = (-math.inf, 0.0)


def _state(numbers: list[float]) -> tuple[float, float]:
    state = softmax_state(mx.array(numbers))
    return float(np.array(state.maximum)[0]), float(np.array(state.total)[0])


def _near(got: tuple[float, float], want: tuple[float, float]) -> None:
    assert all(math.isclose(a, b, rel_tol=1e-4) for a, b in zip(got, want, strict=True)), (
        f"need {want}, got {got}"
    )


def check_one_by_one(solution: ModuleType) -> None:
    """Reads numbers one by one, rising and falling."""
    numbers, state = [1.0, 5.0, 3.0, 1000.0, 999.0], EMPTY
    for x in numbers:
        state = solution.update(*state, x)
    _near(state, _state(numbers))


def check_merge(solution: ModuleType) -> None:
    """Merges two halves in either order."""
    a, b, whole = _state([1.0, 2.0]), _state([7.0, 0.5, 6.0]), _state([1.0, 2.0, 7.0, 0.5, 6.0])
    _near(solution.merge(a, b), whole)
    _near(solution.merge(b, a), whole)


def check_nothing(solution: ModuleType) -> None:
    """Merging with nothing changes nothing, and nothing with nothing is no nan."""
    _near(solution.merge(EMPTY, _state([2.0])), (2.0, 1.0))
    got = solution.merge(EMPTY, EMPTY)
    assert got == EMPTY, f"need {EMPTY}, got {got}"
