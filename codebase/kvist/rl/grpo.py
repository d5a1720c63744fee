"""Group relative policy optimisation (GRPO): the group is the baseline, so there is no value network.

Source: Shao et al. 2024, DeepSeekMath (arXiv:2402.03300), section 4.1, equations 3 and 4.
"""

import mlx.core as mx

from kvist.errors import KvistError


def group_advantage(rewards: mx.array, *, ddof: int = 0, eps: float = 1e-4) -> mx.array:
    """(r - mean(r)) / (std(r) + eps) within each group: rewards (…, G) -> advantages (…, G), float32.

    The paper writes std(r) without saying which. `ddof=0` divides the squares by G; `ddof=1` divides by G -
    1, as `torch.std` and therefore TRL do. `eps` (TRL's value) keeps rounding noise in nearly equal rewards
    from being blown up to 1. A group whose rewards are all equal gets exactly 0. Raises KvistError when G <=
    ddof.
    """
    rewards = mx.array(rewards).astype(mx.float32)
    group = rewards.shape[-1] if rewards.ndim else 0
    if ddof not in (0, 1) or group <= ddof:
        need = "rewards (…, G) with G > ddof, and ddof 0 or 1"
        raise KvistError("group_advantage", need, f"shape {rewards.shape}, ddof={ddof}")
    centred = rewards - mx.mean(rewards, axis=-1, keepdims=True)
    std = mx.sqrt(mx.sum(centred * centred, axis=-1, keepdims=True) / (group - ddof))
    # The mean of equal numbers may round away from them; what is left must not count as a difference.
    equal = mx.max(rewards, axis=-1, keepdims=True) == mx.min(rewards, axis=-1, keepdims=True)
    return mx.where(equal, 0.0, centred / (std + eps))


def kl_k3(logprobs: mx.array, ref_logprobs: mx.array) -> mx.array:
    """Per-token estimate of KL(policy || reference), r - log r - 1 with r = p_ref / p_policy (equation 4).

    Never negative, and unbiased when the tokens were drawn from the policy. Shape of the inputs.
    """
    log_ratio = ref_logprobs - logprobs
    return mx.expm1(log_ratio) - log_ratio


def grpo_loss(
    logprobs: mx.array,
    old_logprobs: mx.array,
    advantages: mx.array,
    mask: mx.array,
    *,
    ref_logprobs: mx.array | None = None,
    clip: float = 0.2,
    beta: float = 0.04,
) -> mx.array:
    """Minus the objective of equation 3: a scalar to minimise, differentiable in `logprobs`.

    Shapes: logprobs, old_logprobs, ref_logprobs (N, T), the log-probability of each sampled token under the
    policy, under the policy that sampled it, and under the reference; advantages (N,), one per output; mask
    (N, T), true on the tokens of the output. Values under a false mask are ignored, whatever they are. For
    every output the tokens are averaged, 1 / |o_i|, then the outputs, 1 / N. An output without tokens counts
    as zero.

    Without `ref_logprobs` there is no KL term. `beta` is the paper's 0.04; it does not state `clip`.
    Everything but `logprobs` is a constant to the gradient. Raises KvistError on shapes that do not fit.
    """
    _check_shapes(logprobs, old_logprobs, advantages, mask, ref_logprobs)
    mask = mask.astype(mx.bool_)
    # Masked before exp: a -inf of padding would turn into NaN, which no later multiplication by zero removes.
    logprobs = mx.where(mask, logprobs, 0.0)
    old_logprobs = mx.stop_gradient(mx.where(mask, old_logprobs, 0.0))
    ratio = mx.exp(logprobs - old_logprobs)
    advantages = mx.stop_gradient(advantages)[:, None]
    per_token = mx.minimum(ratio * advantages, mx.clip(ratio, 1 - clip, 1 + clip) * advantages)
    if ref_logprobs is not None:
        per_token = per_token - beta * kl_k3(logprobs, mx.stop_gradient(mx.where(mask, ref_logprobs, 0.0)))
    lengths = mx.maximum(mx.sum(mask, axis=1), 1)
    per_output = mx.sum(mx.where(mask, per_token, 0.0), axis=1) / lengths
    return -mx.mean(per_output)


def _check_shapes(
    logprobs: mx.array,
    old_logprobs: mx.array,
    advantages: mx.array,
    mask: mx.array,
    ref_logprobs: mx.array | None,
) -> None:
    arrays = {"old_logprobs": old_logprobs, "mask": mask}
    if ref_logprobs is not None:
        arrays["ref_logprobs"] = ref_logprobs
    if logprobs.ndim != 2:
        raise KvistError("grpo_loss", "logprobs of shape (N, T)", f"shape {logprobs.shape}")
    for name, array in arrays.items():
        if array.shape != logprobs.shape:
            raise KvistError("grpo_loss", f"{name} of shape {logprobs.shape}", f"shape {array.shape}")
    if advantages.shape != logprobs.shape[:1]:
        need = f"one advantage per output, shape {logprobs.shape[:1]}"
        raise KvistError("grpo_loss", need, f"shape {advantages.shape}")
