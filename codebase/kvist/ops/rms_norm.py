"""RMSNorm: scale each vector to unit root mean square, then by a learned weight."""

import mlx.core as mx

from kvist.errors import KvistError


def rms_norm(x: mx.array, weight: mx.array, eps: float = 1e-6, *, implementation: str | None = None) -> mx.array:
    """x / sqrt(mean(x²) + eps) · weight over the last axis, computed in float32, returned in the dtype of x."""
    if weight.ndim != 1 or x.ndim == 0 or weight.shape[0] != x.shape[-1]:
        raise KvistError("rms_norm", "weight of shape (x.shape[-1],)", f"x {x.shape}, weight {weight.shape}")
    if implementation == "mlx":
        return mx.fast.rms_norm(x, weight, eps)
    if implementation not in {None, "reference"}:
        raise KvistError("rms_norm", 'implementation "reference" or "mlx"', repr(implementation))
    wide = x.astype(mx.float32)
    return (weight * (wide * mx.rsqrt(mx.mean(wide * wide, axis=-1, keepdims=True) + eps)).astype(x.dtype)).astype(
        x.dtype
    )
