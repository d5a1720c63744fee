"""Top-p: the engine's own is `kvist.decode.sampling.keep_top_p`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.decode.sampling import keep_top_p


def _kept(logits: mx.array) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in np.isfinite(np.array(logits))]


def check_by_hand(solution: ModuleType) -> None:
    """Of 0.5, 0.3, 0.2 keeps two for p = 0.7."""
    got = _kept(solution.keep_top_p(mx.log(mx.array([[0.2, 0.5, 0.3]])), 0.7))
    assert got == [[1, 2]], f"need tokens 1 and 2, got {got[0]}: the token that crosses p stays"


def check_best_stays(solution: ModuleType) -> None:
    """Keeps the best token however small p is."""
    got = _kept(solution.keep_top_p(mx.log(mx.array([[0.2, 0.5, 0.3]])), 0.01))
    assert got == [[1]], f"need token 1, got {got[0]}"


def check_rows(solution: ModuleType) -> None:
    """Equals the engine's filter on a batch."""
    logits = mx.random.normal((4, 30), key=mx.random.key(0)) * 2
    got, want = _kept(solution.keep_top_p(logits, 0.8)), _kept(keep_top_p(logits, 0.8))
    assert got == want, f"the rows keep {[len(row) for row in got]} tokens, need {[len(row) for row in want]}"
