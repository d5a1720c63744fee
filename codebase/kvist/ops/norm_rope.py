"""From projections to attention in one pass: norm of each head, rotary positions, and the write into a cache.

Between the projections and attention a Qwen3 layer normalises each head of queries and keys, rotates both by
their positions, changes the layout to (B, heads, L, D), and appends keys and values to the cache. One by one
these are a dozen small operations a layer; the C++ primitive (kernels/norm_rope) reads and writes each number
once.
"""

from typing import NamedTuple

import mlx.core as mx
import numpy as np

from kvist import native
from kvist.errors import KvistError
from kvist.ops.arguments import FLOATS, MOST_WHOLE, need_array, need_implementation, need_number, need_whole
from kvist.ops.rms_norm import rms_norm
from kvist.ops.rope import need_base, rope, rope_wavelengths


class Rotated(NamedTuple):
    """What attention takes."""

    q: mx.array
    """(B, H, L, D)."""
    k: mx.array
    """(B, Hkv, L, D), or the cache with these rows written."""
    v: mx.array
    """As k, not rotated."""


def norm_rope(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    *,
    head_dim: int,
    offset: int | mx.array = 0,
    base: float = 10000.0,
    norms: tuple[mx.array, mx.array] | None = None,
    eps: float = 1e-6,
    cache: tuple[mx.array, mx.array] | None = None,
    implementation: str | None = None,
) -> Rotated:
    """Projections q (B, L, H·D), k and v (B, L, Hkv·D) of one dtype -> what attention takes.

    norms: weights (D,) of the RMSNorm over each head of q and of k (QK-norm); None leaves it out.
    offset: position of the first of the L tokens, one number or (B,) whole numbers, one for each sequence.
    cache: keys and values (B, Hkv, C, D); rows offset … offset + L - 1 are replaced, in the dtype of the
    cache, and the whole arrays are returned: drop yours, so that "cpp" may write in place.
    implementation: "reference" (`rms_norm` and `rope`), "cpp" or None for the best one here; "cpp" has no
    derivative. Raises KvistError on bad shapes, dtypes, offsets, and rows outside the cache.
    """
    batch, length = _check(q, k, v, head_dim)
    need_number("norm_rope", eps=eps)
    eps, base = float(eps), need_base("norm_rope", base)
    _check_norms(norms, head_dim)
    _check_cache(cache, (batch, k.shape[2] // head_dim, head_dim))
    starts = _offsets(offset, batch, length, cache)
    need_implementation("norm_rope", implementation, "reference", "cpp")
    find = native.required if implementation == "cpp" else native.primitive
    function = None if implementation == "reference" else find("norm_rope", "norm_rope")
    if function is None:
        return norm_rope_reference(
            q, k, v, head_dim=head_dim, starts=starts, base=base, norms=norms, eps=eps, cache=cache
        )
    one = not isinstance(offset, mx.array)
    return Rotated(
        *function(
            q,
            k,
            v,
            rope_wavelengths(base, head_dim),
            list(norms or ()),
            None if one else mx.array(starts, mx.int32),
            list(cache or ()),
            head_dim=head_dim,
            offset=starts[0] if one else 0,
            eps=eps,
        )
    )


def norm_rope_reference(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    *,
    head_dim: int,
    starts: list[int],
    base: float,
    norms: tuple[mx.array, mx.array] | None,
    eps: float,
    cache: tuple[mx.array, mx.array] | None,
) -> Rotated:
    """The same, one operation after the other."""
    heads = [x.reshape(*x.shape[:2], -1, head_dim) for x in (q, k, v)]
    if norms is not None:
        heads[0], heads[1] = (rms_norm(x, w, eps) for x, w in zip(heads[:2], norms, strict=True))
    q, k, v = (x.swapaxes(1, 2) for x in heads)
    q, k = _rotate(q, starts, base), _rotate(k, starts, base)
    if cache is None:
        return Rotated(q, k, v)
    keys, values = mx.array(cache[0]), mx.array(cache[1])
    for row, start in enumerate(starts):
        keys[row, :, start : start + k.shape[2]] = k[row].astype(keys.dtype)
        values[row, :, start : start + k.shape[2]] = v[row].astype(values.dtype)
    return Rotated(q, keys, values)


def _rotate(x: mx.array, starts: list[int], base: float) -> mx.array:
    if len(set(starts)) == 1:
        return rope(x, offset=starts[0], base=base)
    rows = [rope(x[i : i + 1], offset=start, base=base) for i, start in enumerate(starts)]
    return mx.concatenate(rows, axis=0)


def _check(q: mx.array, k: mx.array, v: mx.array, head_dim: int) -> tuple[int, int]:
    need_whole("norm_rope", head_dim=head_dim)
    need_array("norm_rope", q=q, k=k, v=v)
    if head_dim < 2 or head_dim % 2:
        raise KvistError("norm_rope", "an even head_dim", str(head_dim))
    for name, x in (("q", q), ("k", k), ("v", v)):
        if x.ndim != 3 or not x.shape[2] or x.shape[2] % head_dim:
            need = f"{name} (B, L, heads · {head_dim})"
            raise KvistError("norm_rope", need, f"shape {x.shape}")
    if q.shape[:2] != k.shape[:2] or k.shape != v.shape or not q.dtype == k.dtype == v.dtype:
        need = "q, k and v of one batch, length and dtype, k and v of one shape"
        got = f"{q.shape} {q.dtype}, {k.shape} {k.dtype}, {v.shape} {v.dtype}"
        raise KvistError("norm_rope", need, got)
    if q.dtype not in FLOATS:
        raise KvistError("norm_rope", "q, k and v of float32, float16 or bfloat16", str(q.dtype))
    if not q.shape[0]:
        raise KvistError("norm_rope", "at least one sequence", "a batch of 0")
    return q.shape[0], q.shape[1]


def _check_norms(norms: tuple[mx.array, mx.array] | None, head_dim: int) -> None:
    if norms is None:
        return
    if not isinstance(norms, (tuple, list)) or len(norms) != 2:
        raise KvistError("norm_rope", "norms of queries and of keys, or None", type(norms).__name__)
    for name, weight in zip(("q", "k"), norms, strict=True):
        need_array("norm_rope", **{f"norm of {name}": weight})
        if weight.shape != (head_dim,) or weight.dtype not in FLOATS:
            got = f"{weight.shape} of {weight.dtype}"
            raise KvistError("norm_rope", f"norms of shape ({head_dim},), floating", got)


def _check_cache(cache: tuple[mx.array, mx.array] | None, sizes: tuple[int, int, int]) -> None:
    if cache is None:
        return
    if not isinstance(cache, (tuple, list)) or len(cache) != 2:
        raise KvistError("norm_rope", "a cache of keys and values, or None", type(cache).__name__)
    keys, values = cache
    need_array("norm_rope", cached_keys=keys, cached_values=values)
    fits = keys.ndim == 4 and (keys.shape[0], keys.shape[1], keys.shape[3]) == sizes
    if not fits or keys.shape != values.shape or keys.dtype != values.dtype or keys.dtype not in FLOATS:
        need = f"cached keys and values ({sizes[0]}, {sizes[1]}, C, {sizes[2]}) of one floating dtype"
        got = f"{keys.shape} of {keys.dtype}, {values.shape} of {values.dtype}"
        raise KvistError("norm_rope", need, got)


def _offsets(
    offset: int | mx.array, batch: int, length: int, cache: tuple[mx.array, mx.array] | None
) -> list[int]:
    """The offset of each sequence, checked."""
    if not isinstance(offset, mx.array):
        need_whole("norm_rope", offset=offset)
        starts = [int(offset)] * batch
    elif offset.shape != (batch,) or not mx.issubdtype(offset.dtype, mx.integer):
        need = f"offset as one number or ({batch},) whole numbers"
        raise KvistError("norm_rope", need, f"{offset.shape} of {offset.dtype}")
    else:
        starts = [int(start) for start in np.array(offset)]
    room = None if cache is None else min(cache[0].shape[2], cache[1].shape[2])
    if (
        min(starts) < 0
        or max(starts) + length > MOST_WHOLE
        or (room is not None and max(starts) + length > room)
    ):
        need = (
            f"offsets of at least 0, and up to {MOST_WHOLE - length}"
            if room is None
            else f"{length} rows inside the cache of {room}"
        )
        raise KvistError("norm_rope", need, f"offsets {sorted(set(starts))}")
    return starts
