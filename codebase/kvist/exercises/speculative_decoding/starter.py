"""Exercise: accept or refuse what a draft model proposed, without changing the distribution.

A drafted token x is accepted with probability min(1, target[x] / draft[x]). After a refusal the next token is
drawn from max(0, target - draft), normalised.
"""

import numpy as np


def accept(drafted: list[int], draft: np.ndarray, target: np.ndarray, uniforms: list[float]) -> int:
    """How many of the n drafts are accepted; draft (n, V), target (n + 1, V). Draft i is accepted if
    uniforms[i] < min(1, target / draft); the first refusal ends it.
    """
    raise NotImplementedError("write me")


def residual(draft: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The distribution (V,) after a refusal at a position with these two distributions."""
    raise NotImplementedError("write me")
