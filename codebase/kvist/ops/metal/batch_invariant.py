"""Calls of kernels/batch_invariant: how many SIMD-groups share a row follows the batch."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output

VERSIONS = (
    "rms_norm",
    "rms_norm_chunks",
    "matmul_split_k",
    "matmul_chunks",
    "attention_split_kv",
    "attention_chunks",
)
BUSY = 16  # SIMD-groups that are to work, and the most that may share a row
MAX_HEAD_DIM = 128


def simdgroups_for(rows: int) -> int:
    """A few rows are shared by many SIMD-groups, so that a GPU has something to do; many are not."""
    return max(1, BUSY // max(rows, 1))


def rms_norm(
    x: mx.array, weight: mx.array, eps: float, version: str = "rms_norm_chunks", simdgroups: int | None = None
) -> Launch:
    """RMSNorm of x (M, D) with weight (D,): `out` (M, D). "rms_norm" is the kernel of that name."""
    _check(version, ("rms_norm", "rms_norm_chunks"))
    threads = 32 * (simdgroups or simdgroups_for(x.shape[0]))
    buffers = {"x": x, "weight": weight, "eps": eps, "dim": x.shape[1], "out": Output(x.shape, x.dtype)}
    op = "rms_norm" if version == "rms_norm" else "batch_invariant"
    return Launch(op, version, (threads, x.shape[0], 1), (threads, 1, 1), buffers)


def matmul(a: mx.array, b: mx.array, version: str = "matmul_chunks", simdgroups: int | None = None) -> Launch:
    """a (M, K) times b (K, N): `out` (M, N) in the dtype of a."""
    _check(version, ("matmul_split_k", "matmul_chunks"))
    (m, k), n = a.shape, b.shape[1]
    groups = simdgroups or simdgroups_for(m)
    buffers = {"a": a, "b": b, "length": k, "columns": n, "out": Output((m, n), a.dtype)}
    return Launch("batch_invariant", version, (-(-n // 32) * 32, groups, m), (32, groups, 1), buffers)


def attention(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    scale: float,
    *,
    causal: bool,
    version: str = "attention_chunks",
    simdgroups: int | None = None,
) -> Launch:
    """Attention of q (B, H, L, D) to k, v (B, Hkv, S, D): `out` (B, H, L, D) in the dtype of q.

    Raises KvistError on D above 128, no keys, and on causal attention with more queries than keys.
    """
    _check(version, ("attention_split_kv", "attention_chunks"))
    batch, heads, length, dim = q.shape
    kv_heads, keys = k.shape[1], k.shape[2]
    if dim > MAX_HEAD_DIM:
        raise KvistError("attention", f"a head_dim of at most {MAX_HEAD_DIM}", str(dim))
    if not keys:
        raise KvistError("attention", "at least one key", "none")
    if causal and length > keys:
        raise KvistError("attention", "a key for each query of causal attention", f"L={length}, S={keys}")
    threads = 32 * (simdgroups or simdgroups_for(batch * heads * length))
    numbers = {"scale": scale, "causal": causal, "num_heads": heads, "num_kv_heads": kv_heads}
    numbers |= {"num_keys": keys, "dim": dim}
    buffers = {"q": q, "k": k, "v": v, **numbers, "out": Output(q.shape, q.dtype)}
    grid = (threads, heads * length, batch)
    return Launch("batch_invariant", version, grid, (threads, 1, 1), buffers)


def _check(version: str, known: tuple[str, ...]) -> None:
    if version not in known:
        raise KvistError("batch_invariant", f"version {', '.join(known)}", repr(version))
