"""Guards the whole decode step in C++: the bits of the layers one by one, its limits, its caches."""

from functools import partial

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_map

from kvist.cache import KVCache
from kvist.errors import KvistError
from kvist.nn import MLP, Attention, QuantizedLinear, RMSNorm, TransformerBlock, run_layers
from kvist.nn.decoder import _all_at_once
from kvist.quant import Quantization, quantize_model, round_activations

DTYPES = [mx.float32, mx.float16, mx.bfloat16]
HEADS = {"grouped": (4, 2, 16), "one KV head": (10, 1, 32), "as many": (3, 3, 20)}
WEIGHTS = ["4-bit", "8-bit", "2-bit", mx.float16, mx.bfloat16]


class Stack(nn.Module):
    """A few layers without a vocabulary."""

    def __init__(self, heads: str = "grouped", qk_norm: bool = True) -> None:
        super().__init__()
        num_heads, num_kv_heads, head_dim = HEADS[heads]
        eps = 1e-5 if qk_norm else None
        self.layers = [
            TransformerBlock(
                Attention(64, num_heads, num_kv_heads, head_dim, rope_base=5e4, qk_norm_eps=eps),
                MLP(64, 96),
                64,
            )
            for _ in range(3)
        ]
        self.norm = RMSNorm(64)

    def run(self, x: mx.array, cache: list[KVCache], implementation: str | None) -> mx.array:
        return run_layers(self.layers, self.norm, x, cache, implementation=implementation)

    def make_cache(self, step: int = 3) -> list[KVCache]:
        return [KVCache(step) for _ in self.layers]


def stack(weights: object, dtype: mx.Dtype, **sizes: object) -> Stack:
    model = Stack(**sizes)
    key = iter(mx.random.split(mx.random.key(7), 200))
    model.update(tree_map(lambda p: p + mx.random.normal(p.shape, key=next(key)) * 0.2, model.parameters()))
    plain = weights if isinstance(weights, mx.Dtype) else mx.float32
    for layer in model.layers:
        for room in (layer.self_attn, layer.mlp):
            for child in room.children().values():
                if not isinstance(child, RMSNorm) and isinstance(child, nn.Module):
                    child.weight = child.weight.astype(plain)
    if weights == "mixed":
        for layer in model.layers[1:]:
            layer.self_attn.o_proj.weight = layer.self_attn.o_proj.weight.astype(mx.bfloat16)
            layer.mlp.down_proj = layer.mlp.down_proj.to_quantized(32, 8)
            for name in ("gate_proj", "up_proj"):
                setattr(layer.mlp, name, getattr(layer.mlp, name).to_quantized(64, 2))
            for name in ("q_proj", "k_proj", "v_proj"):
                setattr(layer.self_attn, name, getattr(layer.self_attn, name).to_quantized(32, 4))
        first = model.layers[0]
        for room in (first.self_attn, first.mlp):
            for child in room.children().values():
                if isinstance(child, nn.Module):
                    child.weight = child.weight.astype(mx.bfloat16)
    elif isinstance(weights, str):
        quantize_model(model, Quantization(bits=int(weights[0]), group_size=32))
    for module in model.modules():
        if isinstance(module, RMSNorm):
            module.weight = module.weight.astype(dtype)
    return model


def tokens(count: int, batch: int, dtype: mx.Dtype) -> mx.array:
    return mx.random.normal((batch, count, 64), key=mx.random.key(count)).astype(dtype)


def bits(array: mx.array) -> bytes:
    return bytes(array.view(mx.uint8))


def decode(model: Stack, implementation: str | None, dtype: mx.Dtype, batch: int = 1) -> list[mx.array]:
    """A prompt of 5 tokens, then 4 more one by one; every hidden state, and what the caches hold."""
    cache = model.make_cache()
    mx.eval(model.run(tokens(5, batch, dtype), cache, "layers"))
    out = []
    for i in range(4):
        out.append(model.run(tokens(9, batch, dtype)[:, i : i + 1], cache, implementation))
        mx.eval(out[-1])
    rows = [array[:, :, : layer.offset] for layer in cache for array in layer.state]
    return [*out, *rows]


def assert_same(model: Stack, dtype: mx.Dtype, batch: int = 1) -> None:
    fast, slow = decode(model, "cpp", dtype, batch), decode(model, "layers", dtype, batch)
    assert len(fast) == 4 + 6
    for got, want in zip(fast, slow, strict=True):
        assert got.shape == want.shape and got.dtype == want.dtype
        assert bits(got) == bits(want)
    assert not mx.array_equal(fast[0], fast[1]).item()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
def test_has_the_bits_of_the_layers_one_by_one(vector_kernels, weights, dtype):
    for batch in (1, 3):
        assert_same(stack(weights, dtype, heads="one KV head" if batch == 3 else "grouped"), dtype, batch)


def test_layers_may_be_packed_in_different_ways(vector_kernels):
    assert_same(stack("mixed", mx.float32), mx.float32)
    assert_same(stack("mixed", mx.bfloat16), mx.bfloat16, batch=2)


@pytest.mark.parametrize("qk_norm", [True, False])
@pytest.mark.parametrize("heads", ["grouped", "one KV head"])
def test_any_heads_with_and_without_their_norm(isa, heads, qk_norm):
    assert_same(stack("4-bit", mx.float32, heads=heads, qk_norm=qk_norm), mx.float32)
    assert_same(stack(mx.bfloat16, mx.bfloat16, heads="as many", qk_norm=qk_norm), mx.bfloat16)


def test_float32_weights_agree_within_their_stated_tolerance(vector_kernels):
    model = stack(mx.float32, mx.float32)
    for got, want in zip(decode(model, "cpp", mx.float32), decode(model, "layers", mx.float32), strict=True):
        bound = 1e-5 * np.abs(np.array(want)).max()
        np.testing.assert_allclose(np.array(got), np.array(want), rtol=0, atol=bound)


@pytest.mark.parametrize("activations", ["int8", "int16"])
def test_rounded_activations_have_the_same_bits_too(vector_kernels, activations):
    model = stack("4-bit", mx.float32)
    exact = decode(model, "cpp", mx.float32)
    assert round_activations(model, activations) == 21
    assert_same(model, mx.float32)
    assert_same(model, mx.float32, batch=2)
    assert not mx.array_equal(decode(model, "cpp", mx.float32)[0], exact[0]).item()
    assert mx.allclose(decode(model, "cpp", mx.float32)[0], exact[0], atol=0.2).item()


def test_it_is_what_runs_by_default_and_only_for_one_token(vector_kernels, monkeypatch):
    model, calls = stack("4-bit", mx.float32), []
    real = vector_kernels.decoder_step
    monkeypatch.setattr(
        vector_kernels, "decoder_step", lambda *a, **k: calls.append(k["offset"]) or real(*a, **k)
    )
    decode(model, None, mx.float32)
    assert calls == [5, 6, 7, 8]
    decode(model, "layers", mx.float32)
    run_layers(model.layers, model.norm, tokens(1, 1, mx.float32))
    assert len(calls) == 4


def test_new_weights_are_seen_at_once(vector_kernels):
    model = stack("4-bit", mx.float32)
    before = decode(model, "cpp", mx.float32)[0]
    model.layers[1].mlp.down_proj.scales[0] = 3.0  # in place
    changed = decode(model, "cpp", mx.float32)[0]
    assert not mx.array_equal(before, changed).item()
    model.layers[2].self_attn.q_proj = QuantizedLinear(64, 64, 32, 8)
    assert decode(model, None, mx.float32)[0].shape == changed.shape
    model.layers[2].input_layernorm.weight = mx.zeros(64)
    model.layers[2].self_attn.q_proj = stack("4-bit", mx.float32).layers[0].self_attn.q_proj
    assert_same(model, mx.float32)


def test_caches_that_somebody_holds_are_not_written(vector_kernels):
    model = stack("4-bit", mx.float32)
    cache = model.make_cache(step=8)
    mx.eval(model.run(tokens(3, 1, mx.float32), cache, "layers"))
    held = [array for layer in cache for array in layer.state]
    before = [np.array(array) for array in held]
    mx.eval(model.run(tokens(1, 1, mx.float32), cache, "cpp"), [layer.state for layer in cache])
    for array, was in zip(held, before, strict=True):
        assert np.array_equal(np.array(array), was)
    assert all(
        not np.array_equal(np.array(layer.keys), was) for layer, was in zip(cache, before[::2], strict=True)
    )


@pytest.mark.parametrize("implementation", ["cpp", "layers"])
def test_caches_that_nobody_holds_are_written_in_place(vector_kernels, implementation):
    def places() -> list[int]:
        return [np.asarray(a).__array_interface__["data"][0] for layer in cache for a in layer.state]

    model = stack("4-bit", mx.float32)
    cache = model.make_cache(step=64)
    mx.eval(model.run(tokens(3, 1, mx.float32), cache, "layers"), [layer.state for layer in cache])
    before = places()
    for _ in range(3):
        mx.eval(model.run(tokens(1, 1, mx.float32), cache, implementation))
    assert places() == before


def test_a_row_has_the_same_bits_in_every_batch_when_asked(vector_kernels):
    model, function = stack("4-bit", mx.float32), partial(vector_kernels.decoder_step, batch_invariant=True)
    x = tokens(1, 5, mx.float32)
    whole = _all_at_once(function, model.layers, model.norm, x, model.make_cache())
    for start, stop in ((0, 1), (3, 5)):
        part = _all_at_once(function, model.layers, model.norm, x[start:stop], model.make_cache())
        assert bits(part) == bits(whole[start:stop])


class Counting(KVCache):
    """A dense cache that may keep its rows elsewhere."""


def unfit(change: str) -> tuple[Stack, list[KVCache]]:
    model = stack("4-bit", mx.float32)
    cache = model.make_cache()
    layer = model.layers[1]
    if change == "dense caches of one length":
        cache[1] = Counting(3)
    elif change == "plain or packed projections":
        layer.mlp.up_proj = nn.Linear(64, 96, bias=False)
    elif change == "q_proj, k_proj, v_proj of one format":
        layer.self_attn.k_proj = QuantizedLinear(64, 32, 32, 8)
    elif change == "norms of mlx.core.float32":
        layer.input_layernorm.weight = layer.input_layernorm.weight.astype(mx.bfloat16)
    elif change == "norms with one eps":
        layer.post_attention_layernorm.eps = 1e-3
    elif change == "layers of one shape":
        layer.self_attn.rope_base = 10.0
    else:
        layer.mlp.up_proj.activations = "int8"
    return model, cache


@pytest.mark.parametrize(
    "change",
    [
        "dense caches of one length",
        "plain or packed projections",
        "q_proj, k_proj, v_proj of one format",
        "norms of mlx.core.float32",
        "norms with one eps",
        "layers of one shape",
        "one kind of activations",
    ],
)
def test_what_does_not_fit_runs_layer_by_layer(vector_kernels, change):
    model, cache = unfit(change)
    x = tokens(1, 1, mx.float32)
    with pytest.raises(KvistError, match=f"need {change} for the C"):
        model.run(x, cache, "cpp")
    assert [layer.offset for layer in cache] == [0, 0, 0]
    other = model.make_cache()
    assert bits(model.run(x, cache, None)) == bits(model.run(x, other, "layers"))
    with pytest.raises(KvistError, match="one token and a cache"):
        model.run(tokens(2, 1, mx.float32), model.make_cache(), "cpp")
    with pytest.raises(KvistError, match=r'need implementation "layers" or "cpp", got .fast.'):
        model.run(x, cache, "fast")


def test_the_extension_checks_for_itself(vector_kernels):
    model, seen = stack("4-bit", mx.float32), {}

    def record(*arguments: object, **options: object) -> list[mx.array]:
        seen["a"], seen["o"] = list(arguments), options
        return vector_kernels.decoder_step(*arguments, **options)

    mx.eval(_all_at_once(record, model.layers, model.norm, tokens(1, 1, mx.float32), model.make_cache()))
    x, wavelengths, norm, arrays, caches = seen["a"]
    options = seen["o"]
    narrow = [a[:0] for a in arrays[16:22]] + [a[:, :0] for a in arrays[22:25]]
    without_feed_forward = [*arrays[:16], *narrow] * 3
    cases = {
        r"need x \(B, 1, E\), got \(1, 2, 64\)": ((mx.ones((1, 2, 64)), *seen["a"][1:]), {}),
        r"need x of float32, float16 or bfloat16": ((x.astype(mx.int32), *seen["a"][1:]), {}),
        r"need wavelengths \(D / 2,\)": ((x, wavelengths[:3], norm, arrays, caches), {}),
        r"need last_norm \(64,\), got \(63,\)": ((x, wavelengths, norm[:63], arrays, caches), {}),
        r"need arrays for every layer": ((x, wavelengths, norm, arrays[:-1], caches), {}),
        r"need 75 arrays of layers, got 76": ((x, wavelengths, norm, [*arrays, norm], caches), {}),
        r"need keys, values and 4 formats": ((x, wavelengths, norm, arrays, caches[:-1]), {}),
        r"need cached keys and values \(1, 2, 0, 16\), got \(64,\)": (
            (x, wavelengths, norm, arrays, [norm, *caches[1:]]),
            {},
        ),
        r"need a cache with room for row 3, got 3": (seen["a"], {"offset": 3}),
        r"need an offset of at least 0, got -1": (seen["a"], {"offset": -1}),
        r"need query heads that are a multiple": (
            *((x, wavelengths, norm, [*arrays[:4], *arrays[7:10], *arrays[4:7], *arrays[10:]], caches), {}),
        ),
        r"need an even head_dim, got 15": (seen["a"], {"head_dim": 15}),
        r"need gate and up with at least one column, got 0": (
            *((x, wavelengths, norm, without_feed_forward, caches), {}),
        ),
        r"need activation_bits 0, 8 or 16, got 5": (seen["a"], {"activation_bits": 5}),
        r"need group_size 32, 64 or 128, got 16": (seen["a"], {"formats": [(16, 4)] * 12}),
    }
    for message, (arguments, changes) in cases.items():
        with pytest.raises(ValueError, match=r"\[decoder_step\] " + message):
            vector_kernels.decoder_step(*arguments, **(options | changes))
    with pytest.raises(ValueError, match=r"\[decoder_step\] need inference, got a derivative"):
        mx.grad(lambda a: vector_kernels.decoder_step(a, *seen["a"][1:], **options)[0].sum())(x)
