"""Rounding the weights of a loaded model."""

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten

from kvist.errors import KvistError
from kvist.ops.linear import ACTIVATION_BITS
from kvist.quant.config import Quantization


def quantize_model(model: nn.Module, quantization: Quantization) -> int:
    """Pack every projection and embedding of `model` in place; returns how many there were.

    Layers whose width is no multiple of the group size stay as they are. Raises KvistError when nothing can
    be packed, or is packed already.
    """
    if any(name.endswith(".scales") for name in dict(tree_flatten(model.parameters()))):
        raise KvistError("quantize_model", "a model that is not quantized", "one that is")
    count = 0

    def settings(path: str, layer: nn.Module) -> bool | dict[str, int]:
        nonlocal count
        chosen = quantization.of(path)
        if chosen is None or not hasattr(layer, "to_quantized"):
            return False
        weight = layer.weight
        if not isinstance(weight, mx.array) or weight.shape[-1] % chosen.group_size:
            return False
        count += 1
        return {"group_size": chosen.group_size, "bits": chosen.bits}

    nn.quantize(model, quantization.group_size, quantization.bits, class_predicate=settings)
    if not count:
        need = f"a layer whose width is a multiple of group_size {quantization.group_size}"
        raise KvistError("quantize_model", need, "none", "smaller groups fit more layers: 32")
    mx.eval(model.parameters())
    return count


def round_activations(model: nn.Module, activations: str | None) -> int:
    """Let the products with packed weights round their input to "int8" or "int16", or to nothing by None.

    Less work for an error in each product: about 0.6 % of its rms by "int8", more with outliers; see
    `kvist.ops.linear`. Returns how many layers there are; raises KvistError on another name, and when
    nothing is packed.
    """
    if activations not in ACTIVATION_BITS:
        raise KvistError("round_activations", 'activations None, "int8" or "int16"', repr(activations))
    packed = [layer for layer in model.modules() if hasattr(layer, "activations")]
    if not packed:
        raise KvistError("round_activations", "a model with packed weights", "none", "quantize it first")
    for layer in packed:
        layer.activations = activations
    return len(packed)
