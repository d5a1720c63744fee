"""Speculative decoding: the engine's own are `kvist.decode.accept_drafts` and `next_distribution`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.decode import accept_drafts

DRAFT = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
TARGET = np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3], [0.1, 0.8, 0.1]])


def check_accept(solution: ModuleType) -> None:
    """Accepts as many as the engine, for all drafts and several draws."""
    for a in range(3):
        for b in range(3):
            for u in ([0.1, 0.1], [0.4, 0.1], [0.2, 0.7], [0.9, 0.2], [0.99, 0.99]):
                got = solution.accept([a, b], DRAFT, TARGET, u)
                want = accept_drafts([a, b], mx.array(DRAFT), mx.array(TARGET), u)
                assert got == want, f"drafts {a}, {b} with uniforms {u}: need {want} accepted, got {got}"


def check_distribution(solution: ModuleType) -> None:
    """Summed over all drafts, the first token is distributed as the target says."""
    total = np.zeros(3)
    for x in range(3):
        p = min(1.0, TARGET[0, x] / DRAFT[0, x])
        total[x] += DRAFT[0, x] * p
        total += DRAFT[0, x] * (1 - p) * np.asarray(solution.residual(DRAFT[0], TARGET[0]))
    assert np.abs(total - TARGET[0]).max() < 1e-9, f"need {TARGET[0]}, got {total.round(3)}"
