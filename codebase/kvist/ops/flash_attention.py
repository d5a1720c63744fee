"""Flash attention, readable: exact attention tile by tile, with no matrix of scores ever whole."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.ops.arguments import need_flag, need_implementation, need_whole
from kvist.ops.attention import check_attention
from kvist.ops.metal.flash_attention import launch
from kvist.ops.online_softmax import merge_softmax, softmax_state


def flash_attention(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    *,
    causal: bool = False,
    block_q: int = 32,
    block_k: int = 32,
    implementation: str | None = None,
) -> mx.array:
    """softmax(q kᵀ / sqrt(D)) v in tiles of `block_q` queries and `block_k` keys.

    Shapes as in `attention`: q (B, H, L, D), k and v (B, Hkv, S, D) -> (B, H, L, D). Tiles that a causal
    mask hides whole are never computed. implementation: "reference" (the default), to read: on the CPU
    `attention` is faster; or "metal" (kernels/flash_attention), with tiles of its own and D up to 128.
    Source: Dao et al. 2022, FlashAttention, algorithm 1; Dao 2023, FlashAttention-2, algorithm 1, whose
    order of loops this is. Raises KvistError on bad shapes or blocks.
    """
    need_flag("flash_attention", causal=causal)
    check_attention(q, k, v, "causal" if causal else None)
    need_whole("flash_attention", block_q=block_q, block_k=block_k)
    if block_q < 1 or block_k < 1:
        raise KvistError("flash_attention", "blocks of at least 1", f"block_q={block_q}, block_k={block_k}")
    if not k.shape[2]:
        raise KvistError("flash_attention", "at least one key", "none")
    need_implementation("flash_attention", implementation, "reference", "metal")
    if implementation == "metal":
        kernel = launch(q, k, v, q.shape[-1] ** -0.5, causal=causal)
        return kernel.run()[0] if q.size else q
    group = q.shape[1] // k.shape[1]
    k, v = mx.repeat(k, group, axis=1), mx.repeat(v, group, axis=1)
    tiles = [
        _query_tile(q[:, :, start : start + block_q], k, v, start + k.shape[2] - q.shape[2], causal, block_k)
        for start in range(0, q.shape[2], block_q)
    ]
    return mx.concatenate(tiles, axis=2).astype(q.dtype)


def _query_tile(q: mx.array, k: mx.array, v: mx.array, position: int, causal: bool, block_k: int) -> mx.array:
    """Output of one tile of queries, the first of which stands at `position` among the keys."""
    last_key = position + q.shape[2] if causal else k.shape[2]
    state, weighted = None, mx.zeros((), mx.float32)
    for start in range(0, last_key, block_k):
        scores = _scores(q, k[:, :, start : start + block_k], position - start, causal)
        values = v[:, :, start : start + block_k].astype(mx.float32)
        block = softmax_state(scores)
        old, state = state, block if state is None else merge_softmax(state, block)
        if old is not None:  # what was added up from an earlier maximum is brought to the new one
            weighted = weighted * mx.exp(old.maximum - state.maximum)
        weighted = weighted + mx.exp(scores - state.maximum) @ values
    assert state is not None
    return weighted / state.total


def _scores(q: mx.array, k: mx.array, offset: int, causal: bool) -> mx.array:
    scores = (q.astype(mx.float32) * q.shape[-1] ** -0.5) @ k.astype(mx.float32).swapaxes(-1, -2)
    if not causal:
        return scores
    visible = mx.arange(k.shape[2])[None, :] <= mx.arange(q.shape[2])[:, None] + offset
    return mx.where(visible, scores, -1e30)
