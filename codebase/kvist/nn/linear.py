"""Projections without biases and embeddings, plain and quantized, on `kvist.ops.linear`.

Parameters are those of `mlx.nn` (`weight`, and `scales` and `biases` of quantized ones), so that checkpoints
load by name and `mlx.nn.quantize` turns plain layers into quantized ones.
"""

import mlx.core as mx
import mlx.nn as nn

from kvist.errors import KvistError
from kvist.ops import QuantizedWeight, dequantize, linear, linears, quantize
from kvist.ops.linear import Weight


class Linear(nn.Linear):
    """x (..., K) -> x Wᵀ (..., N), W of shape (N, K), no bias."""

    def __init__(self, input_dims: int, output_dims: int) -> None:
        super().__init__(input_dims, output_dims, bias=False)

    @property
    def matrix(self) -> Weight:
        """The weight as `kvist.ops.linear` takes it."""
        return self.weight

    def __call__(self, x: mx.array) -> mx.array:
        return linear(x, self.weight)

    def to_quantized(
        self,
        group_size: int | None = None,
        bits: int | None = None,
        mode: str = "affine",
        quantize_input: bool = False,
    ) -> "QuantizedLinear":
        """The layer with its weight rounded; `mlx.nn.quantize` calls this."""
        _affine_only(mode, quantize_input)
        rows, columns = self.weight.shape
        layer = QuantizedLinear(columns, rows, group_size or 64, bits or 4)
        layer.weight, layer.scales, layer.biases = quantize(self.weight, layer.group_size, layer.bits)[:3]
        return layer


class QuantizedLinear(nn.Module):
    """`Linear` whose weight is kept packed: see `kvist.ops.QuantizedWeight`. Not trained."""

    def __init__(self, input_dims: int, output_dims: int, group_size: int = 64, bits: int = 4) -> None:
        super().__init__()
        self.group_size = group_size
        self.bits = bits
        self.activations: str | None = None
        """What x is rounded to: see `kvist.ops.linear`, and `kvist.quant.round_activations`."""
        self.weight, self.scales, self.biases = _packed_zeros(output_dims, input_dims, group_size, bits)
        self.freeze()

    @property
    def matrix(self) -> Weight:
        """The weight as `kvist.ops.linear` takes it."""
        return QuantizedWeight(self.weight, self.scales, self.biases, self.group_size, self.bits)

    def __call__(self, x: mx.array) -> mx.array:
        return linear(x, self.matrix, activations=self.activations)


class Embedding(nn.Embedding):
    """Token ids -> rows of W (V, E); `as_linear` is the output layer that shares W."""

    def as_linear(self, x: mx.array) -> mx.array:
        return linear(x, self.weight)

    def to_quantized(
        self,
        group_size: int | None = None,
        bits: int | None = None,
        mode: str = "affine",
        quantize_input: bool = False,
    ) -> "QuantizedEmbedding":
        """The embedding with its rows rounded; results keep the dtype that they have now."""
        _affine_only(mode, quantize_input)
        rows, columns = self.weight.shape
        layer = QuantizedEmbedding(rows, columns, group_size or 64, bits or 4)
        layer.weight, layer.scales, layer.biases = quantize(self.weight, layer.group_size, layer.bits)[:3]
        layer.dtype = self.weight.dtype
        return layer


class QuantizedEmbedding(nn.Module):
    """`Embedding` whose rows are kept packed."""

    def __init__(self, num_embeddings: int, dims: int, group_size: int = 64, bits: int = 4) -> None:
        super().__init__()
        self.group_size = group_size
        self.bits = bits
        self.dtype: mx.Dtype | None = None
        """Of the rows that come out; None for that of the scales."""
        self.activations: str | None = None
        """Of the output layer, as in `QuantizedLinear`."""
        self.weight, self.scales, self.biases = _packed_zeros(num_embeddings, dims, group_size, bits)
        self.freeze()

    def __call__(self, tokens: mx.array) -> mx.array:
        rows = QuantizedWeight(
            self.weight[tokens], self.scales[tokens], self.biases[tokens], self.group_size, self.bits
        )
        return dequantize(rows, self.dtype or self.scales.dtype)

    def as_linear(self, x: mx.array) -> mx.array:
        weight = QuantizedWeight(self.weight, self.scales, self.biases, self.group_size, self.bits)
        return linear(x, weight, activations=self.activations)


def apply_all(x: mx.array, *layers: Linear | QuantizedLinear) -> list[mx.array]:
    """Several projections of one x, which is read once where the weights are of one format."""
    kinds = {layer.activations if type(layer) is QuantizedLinear else None for layer in layers}
    if all(type(layer) in (Linear, QuantizedLinear) for layer in layers) and len(kinds) == 1:
        return linears(x, [layer.matrix for layer in layers], activations=kinds.pop())
    return [layer(x) for layer in layers]  # such as LoRA, put in a layer's place


def _packed_zeros(rows: int, columns: int, group_size: int, bits: int) -> tuple[mx.array, mx.array, mx.array]:
    """Placeholders of the right shapes, until weights are loaded."""
    if columns % group_size:
        need = f"a width that is a multiple of group_size {group_size}"
        raise KvistError("QuantizedLinear", need, str(columns))
    scales = mx.zeros((rows, columns // group_size))
    return mx.zeros((rows, columns * bits // 32), mx.uint32), scales, scales


def _affine_only(mode: str, quantize_input: bool) -> None:
    if mode != "affine" or quantize_input:
        got = f"{mode!r}, quantize_input={quantize_input}"
        raise KvistError("quantize", 'mode "affine" of weights alone, the only one supported', got)
