"""Loading a model from a Hugging Face folder: config.json, safetensors, tokenizer.json."""

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten

from kvist import native
from kvist.errors import KvistError
from kvist.json_file import JsonFile
from kvist.models.qwen3 import Qwen3
from kvist.models.registry import model_classes
from kvist.models.safetensors import FLOATS, TensorInfo
from kvist.models.weights import Progress, find_tensors, read_tensors
from kvist.nn import QuantizedEmbedding
from kvist.quant import Quantization, quantize_model
from kvist.text.tokenizer import Tokenizer

TINY = Path(__file__).resolve().parent.parent / "assets" / "tiny"


def load_model(
    folder: str | Path,
    *,
    dtype: mx.Dtype | None = None,
    progress: Progress | None = None,
    quantize: Quantization | None = None,
) -> tuple[Qwen3, Tokenizer | None]:
    """Read the checkpoint in `folder`; the tokenizer is None when there is no tokenizer.json.

    Weights get `dtype`, or keep the one that they are stored in. Packed ones (config.json: "quantization")
    stay packed, with activations in `dtype`; `quantize` packs the weights of a checkpoint that is not. No
    data is read before every header has been checked against the model's parameters. Raises KvistError
    naming file and tensor (or key), need and got.
    """
    folder = Path(folder)
    if not folder.is_dir():
        got = "a file" if folder.exists() else "no such folder"
        raise KvistError(
            f"{folder}", "a model folder", got, "it holds config.json, *.safetensors and tokenizer.json"
        )
    config = JsonFile.read(folder / "config.json")
    classes = model_classes(config)
    model = classes.model(classes.config.from_file(config))
    tensors = model.sanitize(find_tensors(folder))
    stored = Quantization.from_file(config)
    if stored is not None:
        if quantize is not None:
            raise KvistError(f"{folder}", "a checkpoint that is not quantized", f"one of {stored.bits} bits")
        _make_room(model, stored, tensors, folder)
    parameters = dict(tree_flatten(model.parameters()))
    _check(parameters, tensors, folder)
    packed = {name for name in tensors if f"{name.rpartition('.')[0]}.scales" in tensors}
    # Rounded from what is stored, so that scales get that dtype: they are read with every token.
    arrays = read_tensors(tensors, dtype if quantize is None else None, progress, packed)
    model.load_weights(list(arrays.items()))
    if quantize is not None:
        quantize_model(model, quantize)
    _set_activations(model, dtype)
    model.eval()
    native.use_huge_pages(list(dict(tree_flatten(model.parameters())).values()))
    return model, Tokenizer.from_folder(folder) if (folder / "tokenizer.json").exists() else None


def _make_room(model: nn.Module, stored: Quantization, tensors: dict[str, TensorInfo], folder: Path) -> None:
    """Put packed layers where the checkpoint has scales."""

    def settings(path: str, layer: nn.Module) -> bool | dict[str, int]:
        chosen = stored.of(path)
        if chosen is None or f"{path}.scales" not in tensors or not hasattr(layer, "to_quantized"):
            return False
        if layer.weight.shape[-1] % chosen.group_size:
            need = f"a width of {path} that is a multiple of group_size {chosen.group_size}"
            raise KvistError(f"{folder / 'config.json'}", need, str(layer.weight.shape[-1]))
        return {"group_size": chosen.group_size, "bits": chosen.bits}

    nn.quantize(model, stored.group_size, stored.bits, class_predicate=settings)


def _set_activations(model: nn.Module, dtype: mx.Dtype | None) -> None:
    """Let a quantized model compute in `dtype`: its plain weights, and what its embedding gives."""
    layers = [layer for layer in model.modules() if isinstance(layer, QuantizedEmbedding)]
    for layer in layers:
        layer.dtype = dtype or layer.scales.dtype
    if layers and dtype is not None:
        plain = dict(tree_flatten(model.parameters()))
        packed = {name.rpartition(".")[0] for name in plain if name.endswith(".scales")}
        model.load_weights(
            [(name, x.astype(dtype)) for name, x in plain.items() if name.rpartition(".")[0] not in packed],
            strict=False,
        )


def tiny_path() -> Path:
    """Folder of the small trained checkpoint that comes with kvist. Raises KvistError when it is missing."""
    if not (TINY / "config.json").exists():
        raise KvistError(
            "tiny_path", "the bundled checkpoint", f"no {TINY / 'config.json'}", "run scripts/train_tiny.py"
        )
    return TINY


def _check(parameters: dict[str, mx.array], tensors: dict[str, TensorInfo], folder: Path) -> None:
    """Every parameter has a tensor of its shape and a floating dtype, and no tensor is left over."""
    missing = [name for name in parameters if name not in tensors]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        got = f"no such tensor among the {len(tensors)} in its weight files"
        raise KvistError(f"{folder}", f"the tensor {missing[0]}{more}", got, "does config.json belong to it?")
    for name, parameter in parameters.items():
        info = tensors[name]
        if info.shape != parameter.shape:
            raise KvistError(f"{info.file}: {name}", f"shape {parameter.shape}", f"{info.shape}")
        allowed = {"U32"} if parameter.dtype == mx.uint32 else FLOATS
        if info.dtype not in allowed:
            need = f"a dtype among {', '.join(sorted(allowed))}"
            raise KvistError(f"{info.file}: {name}", need, info.dtype)
    unused = [name for name in tensors if name not in parameters]
    if unused:
        more = f" and {len(unused) - 1} more" if len(unused) > 1 else ""
        need = "only tensors that the model of config.json has"
        raise KvistError(
            f"{tensors[unused[0]].file}", need, f"{unused[0]}{more}", "does config.json belong to it?"
        )
