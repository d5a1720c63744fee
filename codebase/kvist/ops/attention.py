"""Scaled dot-product attention with grouped queries (GQA) and masks aligned to the end of the keys."""

from collections.abc import Callable

import mlx.core as mx

from kvist import native
from kvist.errors import KvistError
from kvist.ops.arguments import FLOATS, need_array, need_floats, need_implementation, need_number
from kvist.ops.metal import flash_attention as kernels
from kvist.ops.metal import split_kv
from kvist.ops.softmax import softmax_reference

Mask = mx.array | str | None


def attention(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    *,
    scale: float | None = None,
    mask: Mask = None,
    implementation: str | None = None,
) -> mx.array:
    """softmax(q kᵀ · scale + mask) v, for each query head with the KV head that it shares.

    Shapes: q (B, H, L, D); k (B, Hkv, S, D); v (B, Hkv, S, Dv) with H a multiple of Hkv: query head h reads
    KV head h // (H / Hkv). Returns (B, H, L, Dv) in the dtype of q. `scale` defaults to 1 / sqrt(D).

    `mask` is None, "causal" (query i sees keys up to S - L + i, so new tokens line up with the end of a
    cache), or an array that broadcasts to (B, H, L, S): boolean with True = visible, or numbers added to
    the scores. A query that sees no key at all gets the mean of all values, as in `mx.fast`.
    `implementation` is "reference", "mlx" (`mx.fast.scaled_dot_product_attention`), "cpp" (one pass over the
    keys in C++ on the CPU, for every mask but an array; float32, float16 and bfloat16, k and v alike),
    "metal" (kernels/flash_attention, for one query kernels/split_kv, for the same masks; D up to 128, q, k
    and v alike) or None for the best one here.
    Sources: Vaswani et al. 2017, equation 1; Ainslie et al. 2023 (GQA), section 2.2. Raises KvistError on
    bad shapes and dtypes (q, k and v are floating), and where there are queries but no key at all.
    """
    plain = mask is None or (type(mask) is str and mask == "causal")
    usual = implementation is None or (type(implementation) is str and implementation == "cpp")
    if plain and usual and (scale is None or type(scale) is float):
        fast = _at_once(q, k, v, scale, mask is not None)
        if fast is not None:
            return fast
    check_attention(q, k, v, mask)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    need_number("attention", scale=scale)
    scale = float(scale)
    need_implementation("attention", implementation, "reference", "mlx", "cpp", "metal")
    result_shape = (*q.shape[:3], v.shape[3])
    if 0 in result_shape:  # no query, head or value: nothing to compute, with keys or without
        return mx.zeros(result_shape, q.dtype)
    if not k.shape[2]:
        raise KvistError("attention", "at least one key", "none")
    if implementation == "reference":
        return attention_reference(q, k, v, scale=scale, mask=mask)
    if implementation == "metal":
        return _metal(q, k, v, scale, mask)
    function = _primitive(q, k, v, mask, implementation)
    if function is not None:
        result: mx.array = function(q, k, v, scale, mask is not None)
        return result
    if isinstance(mask, mx.array) and mask.dtype != mx.bool_:
        mask = mask.astype(q.dtype)  # mx.fast wants the added mask in the dtype of the scores
    return mx.fast.scaled_dot_product_attention(q, k, v, scale=scale, mask=mask)


def _at_once(q: mx.array, k: mx.array, v: mx.array, scale: float | None, causal: bool) -> mx.array | None:
    """The primitive's result, which checks what it is given; None where the long way is to say what is wrong.

    One query on 80 keys takes 10 us. To look at every shape and dtype in Python first would take 5 us more.
    """
    function = native.primitive("attention", "attention")
    if function is None:
        return None
    try:
        result: mx.array = function(q, k, v, q.shape[-1] ** -0.5 if scale is None else scale, causal)
        return result if k.shape[2] else None
    except (AttributeError, IndexError, TypeError, ValueError, ZeroDivisionError):
        return None


def _metal(q: mx.array, k: mx.array, v: mx.array, scale: float, mask: Mask) -> mx.array:
    if isinstance(mask, mx.array):
        raise KvistError("attention", 'mask None or "causal" for implementation="metal"', "an array")
    if q.shape[2] == 1:  # it sees every key, with a causal mask and without
        lengths = mx.full((k.shape[0],), k.shape[2], mx.int32)
        return mx.expand_dims(split_kv.decode(q[:, :, 0], k, v, lengths, scale), 2)
    return kernels.launch(q, k, v, scale, causal=mask is not None).run()[0]


def _primitive(
    q: mx.array, k: mx.array, v: mx.array, mask: Mask, implementation: str | None
) -> Callable[..., mx.array] | None:
    """The C++ primitive where it is asked for, or the best."""
    fits = not isinstance(mask, mx.array) and q.dtype in FLOATS and k.dtype in FLOATS and k.dtype == v.dtype
    if implementation == "cpp":
        if not fits:
            need = 'mask None or "causal", and k and v of one floating dtype, for the C++ primitive'
            masked = f"mask an array {mask.shape}, " if isinstance(mask, mx.array) else ""
            got = f"{masked}q {q.dtype}, k {k.dtype}, v {v.dtype}"
            raise KvistError("attention", need, got, 'implementation="mlx"')
        return native.required("attention", "attention")
    return native.primitive("attention", "attention") if fits and implementation is None else None


def attention_reference(
    q: mx.array, k: mx.array, v: mx.array, *, scale: float, mask: Mask = None
) -> mx.array:
    """The definition, with the softmax in float32. Query heads are grouped instead of repeating the keys."""
    batch, num_heads, length, _ = q.shape
    num_kv_heads, num_keys = k.shape[1], k.shape[2]
    group = num_heads // num_kv_heads
    grouped = (q * scale).reshape(batch, num_kv_heads, group, length, -1)  # (B, Hkv, G, L, D)
    scores = grouped @ mx.expand_dims(k, 2).swapaxes(-1, -2)  # (B, Hkv, G, L, S)
    scores = scores.reshape(batch, num_heads, length, num_keys)
    if isinstance(mask, str):
        mask = causal_mask(length, num_keys)
    if mask is not None:
        hidden = mx.finfo(scores.dtype).min
        scores = (
            mx.where(mask, scores, hidden) if mask.dtype == mx.bool_ else scores + mask.astype(scores.dtype)
        )
    weights = softmax_reference(scores).reshape(batch, num_kv_heads, group, length, num_keys)
    return (weights @ mx.expand_dims(v, 2)).reshape(batch, num_heads, length, -1)


def causal_mask(num_queries: int, num_keys: int) -> mx.array:
    """Boolean (L, S), True where query i may see key j: j <= S - L + i."""
    positions = mx.arange(num_keys - num_queries, num_keys)
    return mx.arange(num_keys)[None, :] <= positions[:, None]


def check_attention(q: mx.array, k: mx.array, v: mx.array, mask: Mask) -> None:
    """Raise KvistError unless shapes, dtypes and mask are what `attention` takes."""
    need_array("attention", q=q, k=k, v=v)
    for name, array in (("q", q), ("k", k), ("v", v)):
        if array.ndim != 4:
            raise KvistError(
                "attention", f"{name} of shape (B, heads, tokens, head_dim)", f"shape {array.shape}"
            )
    need_floats("attention", q=q, k=k, v=v)
    if not k.shape[1] or not k.shape[3]:
        raise KvistError("attention", "at least one KV head and a head_dim of at least 1", f"k {k.shape}")
    if k.shape[:3] != v.shape[:3]:
        raise KvistError(
            "attention", "k and v with equal batch, heads and tokens", f"k {k.shape}, v {v.shape}"
        )
    if q.shape[0] != k.shape[0] or q.shape[3] != k.shape[3]:
        raise KvistError("attention", "q and k with equal batch and head_dim", f"q {q.shape}, k {k.shape}")
    if q.shape[1] % k.shape[1]:
        need = "a number of query heads that is a multiple of the KV heads"
        raise KvistError("attention", need, f"{q.shape[1]} query heads, {k.shape[1]} KV heads")
    if isinstance(mask, str):
        if mask != "causal":
            raise KvistError("attention", 'mask None, "causal" or an array', repr(mask))
        if q.shape[2] > k.shape[2]:
            raise KvistError(
                "attention", "no more queries than keys under a causal mask", f"q {q.shape}, k {k.shape}"
            )
    elif mask is not None:
        need_array("attention", mask=mask)
        _check_mask(mask, (q.shape[0], q.shape[1], q.shape[2], k.shape[2]))


def _check_mask(mask: mx.array, scores: tuple[int, ...]) -> None:
    trailing = scores[4 - mask.ndim :] if mask.ndim <= 4 else ()
    if len(trailing) != mask.ndim or any(m not in (1, s) for m, s in zip(mask.shape, trailing, strict=True)):
        raise KvistError("attention", f"a mask that broadcasts to {scores}", f"shape {mask.shape}")
    if mask.dtype != mx.bool_ and not mx.issubdtype(mask.dtype, mx.floating):
        hint = "mask.astype(mx.bool_) for 1 = visible"
        raise KvistError("attention", "a mask that is boolean or floating", str(mask.dtype), hint)
