"""Batching: the engine's own are in `kvist.serve.batching`."""

from types import ModuleType

from kvist.serve import continuous_batching_steps, static_batching_steps

CASES = [
    ([10, 1, 1, 1, 10, 1, 1, 1], 4),
    ([3], 8),
    ([2, 2, 2, 2], 2),
    ([5, 1, 4, 1, 3, 2], 3),
    ([1] * 7, 1),
    ([], 4),
]


def check_static(solution: ModuleType) -> None:
    """A static batch waits for its longest answer."""
    for lengths, size in CASES:
        got, want = solution.static_steps(list(lengths), size), static_batching_steps(lengths, size)
        assert got == want, f"need {want} steps for {lengths} in batches of {size}, got {got}"


def check_continuous(solution: ModuleType) -> None:
    """A finished answer gives up its place at once."""
    for lengths, size in CASES:
        got, want = solution.continuous_steps(list(lengths), size), continuous_batching_steps(lengths, size)
        assert got == want, f"need {want} steps for {lengths} with {size} places, got {got}"
