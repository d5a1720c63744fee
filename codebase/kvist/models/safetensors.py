"""Checks a safetensors file before it is read, so that a cut or damaged file is named instead of crashing
MLX.

The format: 8 bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, then
the data; offsets count from the end of the header.
"""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

from kvist.errors import KvistError

# Bytes per element of the dtypes that MLX reads.
ITEM_SIZE = {"BOOL": 1, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2}
ITEM_SIZE |= {"U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8}
FLOATS = {"F16", "BF16", "F32"}
_MAX_HEADER = 100_000_000  # the format's own limit


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One entry of a header."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    nbytes: int


def read_header(path: Path) -> dict[str, TensorInfo]:
    """Every tensor in the file by name. Raises KvistError naming file and tensor when something is off."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, _MAX_HEADER):
                need = f"a header of {length} bytes after the first 8" if size >= 8 else "at least 8 bytes"
                raise KvistError(f"{path}", need, f"a file of {size} bytes", _HINT)
            text = file.read(length)
    except OSError as error:
        raise KvistError(f"{path}", "a readable safetensors file", error.strerror or str(error)) from None
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KvistError(f"{path}", "a header of JSON", f"{error}", _HINT) from None
    if not isinstance(header, dict):
        raise KvistError(f"{path}", "a header that is a JSON object", type(header).__name__, _HINT)
    header.pop("__metadata__", None)
    return {name: _tensor_info(path, name, entry, size - 8 - length) for name, entry in header.items()}


_HINT = "the file is damaged or only partly downloaded; fetch it again"


def _tensor_info(path: Path, name: str, entry: object, data_size: int) -> TensorInfo:
    where = f"{path}: {name}"
    try:
        dtype, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]  # type: ignore[index]
        well_formed = all(type(n) is int and n >= 0 for n in (*shape, start, end)) and isinstance(dtype, str)
    except (KeyError, TypeError, ValueError):
        well_formed = False
    if not well_formed:
        raise KvistError(where, "dtype, shape and data_offsets in the header", f"{entry!r:.80}", _HINT)
    if dtype not in ITEM_SIZE:
        raise KvistError(where, f"a dtype among {', '.join(sorted(ITEM_SIZE))}", repr(dtype))
    nbytes = prod(shape) * ITEM_SIZE[dtype]
    if end - start != nbytes:
        raise KvistError(where, f"{nbytes} bytes for {dtype} {shape}", f"{end - start} bytes", _HINT)
    if end > data_size:
        raise KvistError(where, f"{end} bytes of data in the file", f"{data_size}", _HINT)
    return TensorInfo(path, dtype, shape, nbytes)
