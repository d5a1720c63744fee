"""Finding and reading the weights of a Hugging Face folder: one safetensors file, or an index with shards."""

from collections.abc import Callable, Container
from pathlib import Path

import mlx.core as mx

from kvist.errors import KvistError
from kvist.json_file import JsonFile
from kvist.models.safetensors import TensorInfo, read_header

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"

Progress = Callable[[int, int], None]
"""Called with (bytes read so far, bytes in all)."""


def find_tensors(folder: Path) -> dict[str, TensorInfo]:
    """Every tensor of the checkpoint, from headers alone. Raises KvistError on missing or damaged files."""
    index = folder / INDEX
    if not index.exists():
        single = folder / SINGLE
        if not single.exists():
            raise KvistError(f"{folder}", f"{SINGLE} or {INDEX}", "neither", _other_weights(folder))
        return read_header(single)
    weight_map = JsonFile.read(index).get("weight_map", dict)
    tensors: dict[str, TensorInfo] = {}
    for shard in sorted({str(name) for name in weight_map.values()}):
        if not (folder / shard).is_file() or Path(shard).name != shard:
            raise KvistError(f"{index}", f"the shard {shard} beside it", "no such file", "fetch the shard")
        tensors |= read_header(folder / shard)
    for name, shard in weight_map.items():
        if name not in tensors or tensors[name].file.name != shard:
            raise KvistError(
                f"{folder / str(shard)}", f"the tensor {name} that {INDEX} places there", "no such tensor"
            )
    return tensors


def read_tensors(
    tensors: dict[str, TensorInfo],
    dtype: mx.Dtype | None = None,
    progress: Progress | None = None,
    as_stored: Container[str] = (),
) -> dict[str, mx.array]:
    """The named tensors as arrays of `dtype` (None: as stored), in memory when this returns.

    Those named in `as_stored` keep their dtype in any case.
    """
    total, done = sum(info.nbytes for info in tensors.values()), 0
    arrays: dict[str, mx.array] = {}
    for file in sorted({info.file for info in tensors.values()}):
        loaded = mx.load(str(file))  # lazy: mx.eval reads the bytes
        assert isinstance(loaded, dict)  # what mx.load gives for safetensors
        for name in (name for name, info in tensors.items() if info.file == file):
            arrays[name] = loaded.pop(name)
            if dtype is not None and name not in as_stored:
                arrays[name] = arrays[name].astype(dtype)
            mx.eval(arrays[name])
            done += tensors[name].nbytes
            if progress is not None:
                progress(done, total)
    return arrays


def _other_weights(folder: Path) -> str:
    """A hint when the folder holds weights of another format."""
    others = sorted(p.name for p in folder.glob("*.bin")) + sorted(p.name for p in folder.glob("*.gguf"))
    return f"{others[0]} is not read; convert the checkpoint to safetensors" if others else ""
