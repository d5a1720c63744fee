"""The layers of a decoder, one after the other, or all at once where one token of each sequence goes through.

On the CPU a decode step of a small model is over in milliseconds, and building and scheduling a graph of
some five hundred operations takes a good part of them. The C++ primitive (kernels/decoder) does the
whole step with the same kernels in the same order: the results have the bits of the layers run one by one,
but for weights of float32, whose products MLX's BLAS adds up in another order (1e-5 of the largest result).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mlx.core as mx

from kvist import native
from kvist.cache import BaseKVCache, KVCache
from kvist.errors import KvistError
from kvist.nn.attention import Attention
from kvist.nn.block import TransformerBlock
from kvist.nn.linear import Linear, QuantizedLinear
from kvist.nn.mlp import MLP
from kvist.nn.rms_norm import RMSNorm
from kvist.ops.linear import ACTIVATION_BITS
from kvist.ops.rope import rope_wavelengths

IMPLEMENTATIONS = (None, "layers", "cpp")
# Products of one x, which the primitive computes together: they share a format.
PRODUCTS = (
    ("self_attn", ("q_proj", "k_proj", "v_proj")),
    ("self_attn", ("o_proj",)),
    ("mlp", ("gate_proj", "up_proj")),
    ("mlp", ("down_proj",)),
)


class Unfit(Exception):
    """Why the primitive does not apply."""


class Gathered(NamedTuple):
    """What the primitive needs of all layers; see kernels/decoder/decoder.h."""

    arrays: list[mx.array]
    formats: list[tuple[int, int]]
    activations: str | None
    attention: Attention
    """Of the first layer; the others agree."""
    eps: float


def run_layers(
    layers: Sequence[TransformerBlock],
    norm: RMSNorm,
    x: mx.array,
    cache: Sequence[BaseKVCache] | None = None,
    *,
    implementation: str | None = None,
) -> mx.array:
    """norm(layers(x)): (B, L, E) -> (B, L, E), with a cache for each layer or none.

    implementation: "layers" (one by one), "cpp" (all at once, for L = 1 on the CPU with dense caches of one
    length) or None for the best one here. Raises KvistError when "cpp" does not apply, with the reason.
    """
    if implementation not in IMPLEMENTATIONS:
        raise KvistError("run_layers", 'implementation "layers" or "cpp"', repr(implementation))
    if implementation == "cpp":
        native.required("decoder_step", "run_layers")
    if implementation != "layers" and x.shape[1] == 1 and cache:
        function = native.primitive("decoder_step", "run_layers")
        try:
            if function is not None:
                return _all_at_once(function, layers, norm, x, cache)
        except Unfit as unfit:
            if implementation == "cpp":
                raise KvistError("run_layers", f"{unfit} for the C++ primitive", "another") from None
    elif implementation == "cpp":
        raise KvistError("run_layers", "one token and a cache for the C++ primitive", f"{x.shape[1]} tokens")
    for index, layer in enumerate(layers):
        x = layer(x, None if cache is None else cache[index])
    return norm(x)


def _all_at_once(
    function: Callable[..., list[mx.array]],
    layers: Sequence[TransformerBlock],
    norm: RMSNorm,
    x: mx.array,
    cache: Sequence[BaseKVCache],
) -> mx.array:
    gathered = _gather(layers, norm, x.dtype)
    attention, caches, offset = gathered.attention, _dense(cache), cache[0].offset
    buffers: list[mx.array] = []
    for layer in caches:
        buffers += layer.reserve(x.shape[0], attention.num_kv_heads, 1, attention.head_dim, x.dtype)
    if any(buffer.dtype != x.dtype for buffer in buffers):
        raise Unfit(f"caches of {x.dtype}")
    hidden, *written = function(
        x,
        rope_wavelengths(attention.rope_base, attention.head_dim),
        norm["weight"],
        gathered.arrays,
        buffers,
        formats=gathered.formats,
        head_dim=attention.head_dim,
        offset=offset,
        eps=gathered.eps,
        qk_eps=0.0 if attention.q_norm is None else attention.q_norm.eps,
        scale=attention.head_dim**-0.5,
        qk_norm=attention.q_norm is not None,
        activation_bits=ACTIVATION_BITS[gathered.activations],
    )
    for index, layer in enumerate(caches):
        layer.advance(written[2 * index], written[2 * index + 1], 1)
    return hidden


def _dense(cache: Sequence[BaseKVCache]) -> list[KVCache]:
    """The caches, if they are dense ones of one length: a subclass may keep its rows in another way."""
    dense = [layer for layer in cache if type(layer) is KVCache]
    if len(dense) < len(cache) or any(layer.offset != dense[0].offset for layer in dense):
        raise Unfit("dense caches of one length")
    return dense


def _gather(layers: Sequence[TransformerBlock], norm: RMSNorm, dtype: mx.Dtype) -> Gathered:
    """Every array of the layers. Parameters are looked up as keys: attributes of a module take far longer."""
    arrays: list[mx.array] = []
    formats: list[tuple[int, int]] = []
    activations: set[str | None] = set()
    norms = [norm]
    first = layers[0]["self_attn"]
    for layer in layers:
        attention = layer["self_attn"]
        if type(layer) is not TransformerBlock or type(attention) is not Attention:
            raise Unfit("plain transformer blocks")
        if type(layer["mlp"]) is not MLP or _sizes(attention) != _sizes(first):
            raise Unfit("layers of one shape")
        own = [layer["input_layernorm"], layer["post_attention_layernorm"]]
        norms += own
        if attention.get("q_norm") is not None:
            own += [attention["q_norm"], attention["k_norm"]]
        if any(type(each) is not RMSNorm or each["weight"].dtype != dtype for each in own):
            raise Unfit(f"norms of {dtype}")
        arrays += [each["weight"] for each in own]
        for room, names in PRODUCTS:
            parts = [_parts(layer[room][name]) for name in names]
            if any(format != parts[0][1] for _, format in parts):
                raise Unfit(f"{', '.join(names)} of one format")
            formats.append(parts[0][1][:2])
            for part, _ in parts:
                arrays += part
            if formats[-1][1]:
                activations.update(layer[room][name].activations for name in names)
    if len({each.eps for each in norms}) > 1 or norm["weight"].dtype != dtype:
        raise Unfit("norms with one eps")
    if len(activations) > 1:
        raise Unfit("one kind of activations")
    return Gathered(arrays, formats, next(iter(activations), None), first, norm.eps)


def _sizes(attention: Attention) -> tuple[Any, ...]:
    q_norm, k_norm = attention.get("q_norm"), attention.get("k_norm")
    eps = None if q_norm is None or k_norm is None else (q_norm.eps, k_norm.eps)
    if (q_norm is None) != (k_norm is None) or (eps and eps[0] != eps[1]):
        raise Unfit("norms of queries and keys alike")
    return attention.num_heads, attention.num_kv_heads, attention.head_dim, attention.rope_base, eps


def _parts(layer: Linear | QuantizedLinear) -> tuple[list[mx.array], tuple[int, int, mx.Dtype]]:
    """Arrays of a projection, and (group size, bits, dtype) of its format."""
    if type(layer) is QuantizedLinear and layer.bits in (2, 4, 8):
        scales = layer["scales"]
        return [layer["weight"], scales, layer["biases"]], (layer.group_size, layer.bits, scales.dtype)
    if type(layer) is Linear:
        weight = layer["weight"]
        return [weight], (0, 0, weight.dtype)
    raise Unfit("plain or packed projections")  # such as LoRA, put in a layer's place
