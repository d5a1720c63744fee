"""Speculative decoding: a draft model proposes, the target accepts, and the distribution is the target's."""

import mlx.core as mx

from kvist.errors import KvistError


def accept_drafts(drafted: list[int], draft: mx.array, target: mx.array, uniforms: list[float]) -> int:
    """How many of the n drafted tokens are accepted, from the first on.

    `draft` (n, V) and `target` (n + 1, V) are probabilities; row i is what each model gives for position i.
    Token x is accepted if uniforms[i] < min(1, target[i, x] / draft[i, x]); the first refusal ends it.
    Source: Leviathan et al. 2022, section 2.3, algorithm 1. Raises KvistError on shapes that do not fit.
    """
    _check(drafted, draft, target)
    if len(uniforms) != len(drafted):
        raise KvistError("accept_drafts", f"{len(drafted)} uniform numbers", f"{len(uniforms)}")
    for position, token in enumerate(drafted):
        p, q = float(target[position, token]), float(draft[position, token])
        if q <= 0 or uniforms[position] >= min(1.0, p / q):
            return position
    return len(drafted)


def next_distribution(accepted: int, drafted: list[int], draft: mx.array, target: mx.array) -> mx.array:
    """Probabilities (V,) that the token after the accepted ones is drawn from.

    After a refusal it is max(0, target - draft), normalised; when all were accepted, the target's own row.
    With it, an output token has exactly the target's distribution (Leviathan et al. 2022, appendix A.1).
    """
    _check(drafted, draft, target)
    if accepted == len(drafted):
        return target[accepted]
    rest = mx.maximum(target[accepted] - draft[accepted], 0.0)
    total = mx.sum(rest)
    return mx.where(total > 0, rest / mx.maximum(total, 1e-30), target[accepted])


def expected_tokens(acceptance: float, num_drafts: int) -> float:
    """Tokens per run of the target when each draft is accepted with probability `acceptance`.

    (1 - a^(n+1)) / (1 - a), from 1 to n + 1. Source: Leviathan et al. 2022, equation 1.
    """
    if not 0 <= acceptance <= 1 or num_drafts < 0:
        got = f"acceptance {acceptance}, {num_drafts} drafts"
        raise KvistError("expected_tokens", "an acceptance from 0 to 1 and n >= 0", got)
    return sum(acceptance**k for k in range(num_drafts + 1))


def _check(drafted: list[int], draft: mx.array, target: mx.array) -> None:
    if draft.ndim != 2 or target.ndim != 2 or draft.shape[0] != len(drafted):
        need = f"draft probabilities ({len(drafted)}, V)"
        raise KvistError("speculative", need, f"draft {draft.shape}, target {target.shape}")
    if target.shape != (draft.shape[0] + 1, draft.shape[1]):
        need = f"target probabilities ({draft.shape[0] + 1}, {draft.shape[1]})"
        raise KvistError("speculative", need, f"{target.shape}")
