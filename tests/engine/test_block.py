"""Guards the layers: attention with its projections, SwiGLU and the pre-norm block, written out in numpy."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.cache import KVCache
from kvist.errors import KvistError
from kvist.nn import MLP, Attention, RMSNorm, TransformerBlock
from kvist.ops import attention, rms_norm, rope


def inputs(*shape: int) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(0))


def test_mlp_is_swiglu() -> None:
    mlp, x = MLP(8, 20), np.array(inputs(2, 3, 8), dtype=np.float64)
    gate, up, down = (
        np.array(p.weight, dtype=np.float64) for p in (mlp.gate_proj, mlp.up_proj, mlp.down_proj)
    )
    hidden = x @ gate.T
    expected = (hidden / (1 + np.exp(-hidden)) * (x @ up.T)) @ down.T
    np.testing.assert_allclose(np.array(mlp(inputs(2, 3, 8))), expected, atol=2e-6)


@pytest.mark.parametrize("eps", [None, 1e-5])
def test_attention_is_its_parts(eps: float | None) -> None:
    layer, x = Attention(16, 4, 2, 6, rope_base=500.0, qk_norm_eps=eps), inputs(2, 5, 16)

    def heads(projected: mx.array, count: int, norm: RMSNorm | None) -> mx.array:
        split = projected.reshape(2, 5, count, 6).transpose(0, 2, 1, 3)
        return split if norm is None else rms_norm(split, norm.weight, eps)

    if eps is not None:
        layer.q_norm.weight, layer.k_norm.weight = inputs(6) + 2, inputs(6) - 2
    q, k = heads(layer.q_proj(x), 4, layer.q_norm), heads(layer.k_proj(x), 2, layer.k_norm)
    v = heads(layer.v_proj(x), 2, None)
    out = attention(rope(q, base=500.0), rope(k, base=500.0), v, mask="causal")
    expected = layer.o_proj(out.transpose(0, 2, 1, 3).reshape(2, 5, 24))
    assert mx.allclose(layer(x), expected, atol=1e-6)


def test_attention_with_a_cache_continues() -> None:
    layer, x, cache = Attention(16, 4, 2, 8), inputs(2, 7, 16), KVCache()
    parts = [layer(x[:, :4], cache), layer(x[:, 4:6], cache), layer(x[:, 6:], cache)]
    assert mx.allclose(mx.concatenate(parts, axis=1), layer(x), atol=1e-6)


def test_attention_sees_no_future() -> None:
    layer, x = Attention(16, 4, 2, 8), inputs(1, 6, 16)
    changed = mx.concatenate([x[:, :4], -x[:, 4:]], axis=1)
    assert mx.allclose(layer(x)[:, :4], layer(changed)[:, :4], atol=1e-6)
    assert not mx.allclose(layer(x)[:, 4:], layer(changed)[:, 4:], atol=1e-2)


def test_block_is_pre_norm_with_two_residuals() -> None:
    block, x = TransformerBlock(Attention(16, 4, 2, 8), MLP(16, 20), 16, eps=1e-3), inputs(1, 4, 16)
    block.input_layernorm.weight, block.post_attention_layernorm.weight = inputs(16) + 1, inputs(16) - 1
    middle = x + block.self_attn(rms_norm(x, block.input_layernorm.weight, 1e-3))
    expected = middle + block.mlp(rms_norm(middle, block.post_attention_layernorm.weight, 1e-3))
    assert mx.allclose(block(x), expected, atol=1e-6)


def test_heads_must_divide() -> None:
    with pytest.raises(KvistError, match=r"\[Attention\] .*num_heads=4, num_kv_heads=3"):
        Attention(16, 4, 3, 8)
