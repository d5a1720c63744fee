"""Batch-invariant matmul, RMSNorm and attention: a row gets the same bits alone and in any batch or chunk.

The three reductions that make a Transformer depend on the batch are cut into blocks of a fixed *size*, in an
order that depends on the reduced length alone: never on the number of rows, the number of new tokens, or the
number of keys behind the ones that a query sees. A fixed *count* of blocks would move every boundary when a
key is added.

The references are readable and exact, and slow: they are made of elementwise operations (see `fixed_order`).
implementation="metal" takes the kernels of kernels/batch_invariant, with chunks of 32, or 128 for RMSNorm;
their bits are their own, and differ between a GPU, which may fuse a product and a sum, and the emulator.
Source: He et al., "Defeating Nondeterminism in LLM Inference", Thinking Machines Lab, 2025-09-10.
"""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.ops.arguments import need_implementation, need_number, need_whole
from kvist.ops.attention import Mask, causal_mask, check_attention
from kvist.ops.fixed_order import matmul_in_blocks, pad_to_multiple, sum_in_blocks
from kvist.ops.metal import batch_invariant as kernels
from kvist.ops.rms_norm import check_rms_norm
from kvist.ops.split_k import check_matmul

CHUNK = 32  # of the kernels
LARGEST_BLOCK = 65536  # scores are filled up to whole blocks


def batch_invariant_matmul(
    a: mx.array, b: mx.array, *, block_k: int = 32, implementation: str | None = None
) -> mx.array:
    """a (M, K) times b (K, N), accumulated in float32 over blocks of `block_k`: (M, N) in the dtype of a.

    Row i is bitwise the same for every M and for every content of the other rows. implementation:
    "reference" (the default) or "metal". Raises KvistError on bad shapes.
    """
    check_matmul("batch_invariant_matmul", a, b)
    _check_block("batch_invariant_matmul", "block_k", block_k)
    if _takes_kernel("batch_invariant_matmul", "block_k", block_k, implementation):
        return kernels.matmul(a, b.astype(a.dtype)).run()[0] if a.size and b.size else a @ b
    return matmul_in_blocks(a, b, block_k).astype(a.dtype)


def batch_invariant_rms_norm(
    x: mx.array,
    weight: mx.array,
    eps: float = 1e-6,
    *,
    block_size: int = 32,
    implementation: str | None = None,
) -> mx.array:
    """RMSNorm over the last axis (see `rms_norm`) whose sum of squares runs in blocks of `block_size`."""
    check_rms_norm(x, weight, eps, "batch_invariant_rms_norm")
    _check_block("batch_invariant_rms_norm", "block_size", block_size)
    if _takes_kernel("batch_invariant_rms_norm", "block_size", block_size, implementation) and x.size:
        rows = x.reshape(-1, x.shape[-1])
        return kernels.rms_norm(rows, weight.astype(x.dtype), eps).run()[0].reshape(x.shape)
    if not x.size:
        return x
    wide = x.astype(mx.float32)
    total = sum_in_blocks(wide * wide, block_size)
    scale = 1.0 / mx.sqrt(total[..., None] / x.shape[-1] + float(eps))
    return (weight * (wide * scale).astype(x.dtype)).astype(x.dtype)


def batch_invariant_attention(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    *,
    scale: float | None = None,
    mask: Mask = None,
    block_size: int = 32,
    implementation: str | None = None,
) -> mx.array:
    """Attention (see `attention` for shapes and masks) over key blocks of `block_size`, counted from key 0.

    A query gets the same bits alone or with others in the batch, in whole or chunked prefill, and in decode,
    provided that it sees the same keys at the same positions: keys that it does not see add exactly nothing.
    The maximum may be taken in any order, because a maximum does not round. A query that sees no key gets
    zeros. implementation="metal" takes every mask but an array, D up to 128, and k and v of the dtype of q.
    """
    check_attention(q, k, v, mask)
    if not k.shape[2]:
        raise KvistError("batch_invariant_attention", "at least one key", "none")
    _check_block("batch_invariant_attention", "block_size", block_size)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    need_number("batch_invariant_attention", scale=scale)
    scale = float(scale)
    if _takes_kernel("batch_invariant_attention", "block_size", block_size, implementation):
        if isinstance(mask, mx.array) or not q.dtype == k.dtype == v.dtype or v.shape != k.shape:
            need = 'mask None or "causal" for implementation="metal", q, k and v of one dtype and head_dim'
            got = f"mask {type(mask).__name__}, {q.dtype}, {k.dtype}, {v.dtype}, v {v.shape}"
            raise KvistError("batch_invariant_attention", need, got)
        return kernels.attention(q, k, v, scale, causal=mask is not None).run()[0] if q.size else q
    group = q.shape[1] // k.shape[1]
    k, v = mx.repeat(k, group, axis=1), mx.repeat(v, group, axis=1)
    scores = _hide(matmul_in_blocks(q.astype(mx.float32) * scale, k.swapaxes(-1, -2), block_size), mask)
    # Whole blocks, because a vectorised exp may treat the odd elements at the end of an array in another way.
    scores, v = pad_to_multiple(scores, -1, block_size, -mx.inf), pad_to_multiple(v, -2, block_size)
    highest = mx.max(scores, axis=-1, keepdims=True)
    weights = mx.exp(scores - mx.where(highest == -mx.inf, 0.0, highest))
    total = sum_in_blocks(weights, block_size)[..., None]
    return (matmul_in_blocks(weights, v, block_size) / mx.where(total == 0, 1.0, total)).astype(q.dtype)


def _hide(scores: mx.array, mask: Mask) -> mx.array:
    """-inf in place of the scores that `mask` hides, so that their weight is exactly zero."""
    if isinstance(mask, str):
        mask = causal_mask(scores.shape[-2], scores.shape[-1])
    if mask is None:
        return scores
    return mx.where(mask, scores, -mx.inf) if mask.dtype == mx.bool_ else scores + mask.astype(mx.float32)


def _takes_kernel(where: str, name: str, size: int, implementation: str | None) -> bool:
    need_implementation(where, implementation, "reference", "metal")
    if implementation == "metal" and size != CHUNK:
        raise KvistError(where, f'{name}={CHUNK} for implementation="metal"', str(size))
    return implementation == "metal"


def _check_block(where: str, name: str, size: int) -> None:
    need_whole(where, **{name: size})
    if not 1 <= size <= LARGEST_BLOCK:
        bound = "at least 1" if size < 1 else f"at most {LARGEST_BLOCK}"
        raise KvistError(where, f"{name} of {bound}", str(size))
