"""Affine quantization of weights: groups of whole numbers of a few bits with a scale and a bias each.

The layout is MLX's, and that of checkpoints quantized for it: w ≈ scale · q + bias for each group of weights
along K, and 32 / bits numbers q share a word of 32 bits, the first one in its lowest bits.
"""

from typing import NamedTuple

import mlx.core as mx

from kvist.errors import KvistError
from kvist.ops.arguments import FLOATS, need_array, need_floats, need_whole

BITS = (2, 3, 4, 5, 6, 8)
GROUP_SIZES = (32, 64, 128)


class QuantizedWeight(NamedTuple):
    """W (N, K) in packed form."""

    packed: mx.array
    """(N, K · bits / 32) uint32."""
    scales: mx.array
    """(N, K / group_size), floating."""
    biases: mx.array
    """Of the shape and dtype of the scales."""
    group_size: int = 64
    bits: int = 4

    @property
    def num_rows(self) -> int:
        """N."""
        return self.packed.shape[0]

    @property
    def num_columns(self) -> int:
        """K."""
        return self.packed.shape[-1] * 32 // self.bits

    @property
    def nbytes(self) -> int:
        """Bytes of numbers, scales and biases: what a matrix-vector product reads."""
        return self.packed.nbytes + self.scales.nbytes + self.biases.nbytes


def quantize(weight: mx.array, group_size: int = 64, bits: int = 4) -> QuantizedWeight:
    """Round W (N, K) to `bits` bits; scales and biases in the dtype of W. K is a multiple of `group_size`.

    Raises KvistError on another shape, or on bits and group sizes that there are not.
    """
    check_layout("quantize", group_size, bits)
    need_array("quantize", weight=weight)
    need_floats("quantize", weight=weight)
    if weight.ndim != 2 or not weight.shape[1] or weight.shape[1] % group_size:
        need = f"weight (N, K) with K a multiple of group_size {group_size}"
        raise KvistError("quantize", need, f"shape {weight.shape}")
    return QuantizedWeight(*mx.quantize(weight, group_size=group_size, bits=bits), group_size, bits)


def dequantize(weight: QuantizedWeight, dtype: mx.Dtype = mx.float32) -> mx.array:
    """W (N, K) = scale · q + bias, computed in float32, with any axes in front.

    Raises KvistError on arrays that do not belong together.
    """
    check_packed("dequantize", weight)
    packed, scales, biases, group_size, bits = weight
    scales, biases = scales.astype(mx.float32), biases.astype(mx.float32)
    return mx.dequantize(packed, scales, biases, group_size=group_size, bits=bits).astype(dtype)


def check_layout(where: str, group_size: int, bits: int) -> None:
    """Raise KvistError on bits or a group size that MLX has not."""
    need_whole(where, group_size=group_size, bits=bits)
    if bits not in BITS:
        raise KvistError(where, f"bits among {', '.join(map(str, BITS))}", str(bits))
    if group_size not in GROUP_SIZES:
        raise KvistError(where, f"group_size among {', '.join(map(str, GROUP_SIZES))}", str(group_size))


def check_packed(where: str, weight: QuantizedWeight) -> None:
    """Raise KvistError unless the three arrays are packed numbers, their scales and their biases."""
    if not isinstance(weight, QuantizedWeight):
        raise KvistError(where, "a QuantizedWeight", type(weight).__name__, "quantize(weight)")
    packed, scales, biases, group_size, bits = weight
    check_layout(where, group_size, bits)
    need_array(where, packed=packed, scales=scales, biases=biases)
    if packed.dtype != mx.uint32 or not packed.ndim:
        need = "packed weight (N, K * bits / 32) of uint32"
        raise KvistError(where, need, f"{packed.shape} of {packed.dtype}")
    words = packed.shape[-1]
    wanted = (*packed.shape[:-1], words * 32 // bits // group_size)
    if words * 32 % (bits * group_size) or scales.shape != wanted or biases.shape != wanted:
        need = f"scales and biases (N, K / group_size) = {wanted}, K a multiple of {group_size}"
        raise KvistError(where, need, f"packed {packed.shape}, scales {scales.shape}, biases {biases.shape}")
    if scales.dtype not in FLOATS or biases.dtype != scales.dtype:
        need = "scales and biases of one dtype, float32, float16 or bfloat16"
        raise KvistError(where, need, f"{scales.dtype} and {biases.dtype}")
