"""Long context: the engine's own is `kvist.ops.yarn_frequencies`."""

from types import ModuleType

import numpy as np

from kvist.ops import yarn_frequencies


def _both(
    solution: ModuleType, dims: int, base: float, factor: float, context: int
) -> tuple[np.ndarray, np.ndarray]:
    got = np.array(solution.yarn_frequencies(dims, base, factor, context))
    want = np.array(yarn_frequencies(dims, base=base, factor=factor, original_context=context))
    assert got.shape == want.shape, f"need shape {want.shape}, got {got.shape}"
    return got, want


def check_ends(solution: ModuleType) -> None:
    """Keeps the fastest pair and slows the slowest by the factor."""
    got, want = _both(solution, 128, 10000.0, 16.0, 4096)
    assert np.isclose(got[0], want[0]), f"need {want[0]:.3g} for the first pair, got {got[0]:.3g}"
    assert np.isclose(got[-1], want[-1], rtol=1e-4), (
        f"need {want[-1]:.3g} for the last pair, got {got[-1]:.3g}"
    )


def check_ramp(solution: ModuleType) -> None:
    """Mixes as the engine does, for two models."""
    for case in ((128, 10000.0, 16.0, 4096), (64, 1000000.0, 4.0, 32768)):
        got, want = _both(solution, *case)
        worst = np.abs(got / want - 1).max()
        assert worst < 1e-3, f"for {case} a frequency is off by {worst:.1%}"
