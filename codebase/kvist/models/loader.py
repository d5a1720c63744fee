"""Loading a model from a Hugging Face folder: config.json, safetensors, tokenizer.json."""

from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten

from kvist.errors import KvistError
from kvist.json_file import JsonFile
from kvist.models.qwen3 import Qwen3
from kvist.models.registry import model_classes
from kvist.models.safetensors import FLOATS, TensorInfo
from kvist.models.weights import Progress, find_tensors, read_tensors
from kvist.text.tokenizer import Tokenizer

TINY = Path(__file__).resolve().parent.parent / "assets" / "tiny"


def load_model(
    folder: str | Path, *, dtype: mx.Dtype | None = None, progress: Progress | None = None
) -> tuple[Qwen3, Tokenizer | None]:
    """Read the checkpoint in `folder`; the tokenizer is None when there is no tokenizer.json.

    Weights get `dtype`, or keep the one that they are stored in. No data is read before every header has been
    checked against the model's parameters. Raises KvistError naming file and tensor (or key), need and got.
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
    parameters = dict(tree_flatten(model.parameters()))
    tensors = model.sanitize(find_tensors(folder))
    _check(parameters, tensors, folder)
    model.load_weights(list(read_tensors(tensors, dtype, progress).items()))
    model.eval()
    return model, Tokenizer.from_folder(folder) if (folder / "tokenizer.json").exists() else None


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
        if info.dtype not in FLOATS:
            raise KvistError(f"{info.file}: {name}", f"a dtype among {', '.join(sorted(FLOATS))}", info.dtype)
    unused = [name for name in tensors if name not in parameters]
    if unused:
        more = f" and {len(unused) - 1} more" if len(unused) > 1 else ""
        need = "only tensors that the model of config.json has"
        raise KvistError(
            f"{tensors[unused[0]].file}", need, f"{unused[0]}{more}", "does config.json belong to it?"
        )
