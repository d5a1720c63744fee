"""Between MLX dtypes, the names of types in Metal source, and raw bytes."""

import re
from typing import Any

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError
from kvist.metal.simd_types import metal_name

# MSL name -> dtype; the first name of a dtype is the one we write.
TYPES: dict[str, mx.Dtype] = {
    "float": mx.float32,
    "half": mx.float16,
    "bfloat": mx.bfloat16,
    "bool": mx.bool_,
    "char": mx.int8,
    "short": mx.int16,
    "int": mx.int32,
    "long": mx.int64,
    "uchar": mx.uint8,
    "ushort": mx.uint16,
    "uint": mx.uint32,
    "ulong": mx.uint64,
    "float16_t": mx.float16,
    "bfloat16_t": mx.bfloat16,
    "int8_t": mx.int8,
    "int16_t": mx.int16,
    "int32_t": mx.int32,
    "int64_t": mx.int64,
    "uint8_t": mx.uint8,
    "uint16_t": mx.uint16,
    "uint32_t": mx.uint32,
    "uint64_t": mx.uint64,
    "unsigned char": mx.uint8,
    "unsigned short": mx.uint16,
    "unsigned int": mx.uint32,
    "unsigned": mx.uint32,
    "unsigned long": mx.uint64,
    "signed char": mx.int8,
    "size_t": mx.uint64,
    "ptrdiff_t": mx.int64,
}
# What MLX writes into the signatures that it generates (mlx::core::get_type_string).
MLX_NAMES: dict[mx.Dtype, str] = {
    mx.float32: "float",
    mx.float16: "float16_t",
    mx.bfloat16: "bfloat16_t",
    mx.bool_: "bool",
    mx.int8: "int8_t",
    mx.int16: "int16_t",
    mx.int32: "int32_t",
    mx.int64: "int64_t",
    mx.uint8: "uint8_t",
    mx.uint16: "uint16_t",
    mx.uint32: "uint32_t",
    mx.uint64: "uint64_t",
}
# What command lines and `Output` take: MLX's names and those of MSL.
NAMES: dict[str, mx.Dtype] = {str(dtype).rpartition(".")[2].rstrip("_"): dtype for dtype in MLX_NAMES} | TYPES
_NUMPY = {
    dtype: np.dtype(str(dtype).rpartition(".")[2].rstrip("_")) for dtype in MLX_NAMES if dtype != mx.bfloat16
}


def to_numpy(dtype: mx.Dtype) -> np.dtype:
    """NumPy's type for a dtype; uint16, its bits, for bfloat16."""
    return np.dtype(np.uint16) if dtype == mx.bfloat16 else _NUMPY[dtype]


def bits(array: mx.array) -> np.ndarray:
    """The array in NumPy; bfloat16 as uint16."""
    return np.frombuffer(to_bytes(array), to_numpy(array.dtype)).reshape(array.shape)


def msl_name(dtype: mx.Dtype) -> str:
    """`half` for mx.float16, and so on."""
    for name, known in TYPES.items():
        if known == dtype:
            return name
    raise KvistError("metal", "a dtype that Metal has", str(dtype))


def element_dtype(type_name: str) -> mx.Dtype | None:
    """The dtype of `float`, `metal::float4`, `packed_half2`, `atomic<int>`; None for other types."""
    name = metal_name(type_name.removeprefix("metal::"))
    name = re.sub(r"^atomic<(.*)>$", r"\1", name).removeprefix("atomic_").removeprefix("packed_")
    name = re.sub(r"^vec<(.*),[234]>$", r"\1", name).removeprefix("metal::")
    return TYPES.get(name) or TYPES.get(re.sub(r"[234]$", "", name))


def as_array(value: Any, dtype: mx.Dtype | None = None, where: str = "metal") -> mx.array:
    """An mx.array of a number, a NumPy array or an mx.array; plain numbers take `dtype`."""
    if isinstance(value, mx.array):
        return value
    plain = isinstance(value, bool | int | float) and dtype is not None
    if plain and dtype is not None:
        _need_held(value, dtype, where)
    try:
        return mx.array(value, dtype) if plain else mx.array(value)
    except (TypeError, ValueError, OverflowError):
        got = repr(value) if isinstance(value, int | float | str) else type(value).__name__
        raise KvistError(where, "an mx.array, a NumPy array or a number", got) from None


def limits(dtype: mx.Dtype) -> tuple[float, float]:
    """The least and the largest number of a type; any number is true or false."""
    if mx.issubdtype(dtype, mx.floating) or dtype == mx.bool_:
        return float("-inf"), float("inf")
    whole = np.iinfo(to_numpy(dtype))
    return int(whole.min), int(whole.max)


def _need_held(value: float, dtype: mx.Dtype, where: str) -> None:
    """Raise KvistError for a plain number that would be another one in this type."""
    if not mx.issubdtype(dtype, mx.floating) and dtype != mx.bool_:
        if isinstance(value, float) and not value.is_integer():
            raise KvistError(where, f"whole numbers for {msl_name(dtype)}", repr(value))
        low, high = limits(dtype)
        if not low <= value <= high:
            raise KvistError(where, f"numbers that {msl_name(dtype)} holds", repr(value))


def to_bytes(array: mx.array) -> bytes:
    """The elements in row-major order."""
    if array.size == 0:
        return b""
    flat = array.reshape(-1)
    plain = flat.view(mx.uint16) if flat.dtype == mx.bfloat16 else flat  # NumPy has no bfloat16
    try:
        return np.array(plain).tobytes()
    except ValueError:
        got = "one inside mx.vmap or mx.compile"
        raise KvistError("metal", "an array with values", got, "use MLX operations there") from None


def raw_bytes(value: Any, declared: mx.Dtype | None, where: str) -> tuple[tuple[int, ...], mx.Dtype, bytes]:
    """(shape, dtype, bytes) of a number, a NumPy array or an mx.array; plain numbers take `declared`.

    NumPy has no bfloat16: uint16 where the kernel declares bfloat, and two-byte void, are its bits. A
    structured NumPy array is taken as its bytes.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind == "V":
        if value.dtype.names is None and value.dtype.itemsize == 2:
            return value.shape, mx.bfloat16, np.ascontiguousarray(value).tobytes()
        return (value.nbytes,), mx.uint8, np.ascontiguousarray(value).tobytes()
    if isinstance(value, np.ndarray) and value.dtype == np.uint16 and declared == mx.bfloat16:
        return value.shape, mx.bfloat16, np.ascontiguousarray(value).tobytes()
    if isinstance(value, np.ndarray | np.generic) and value.dtype not in _NUMPY.values():
        hint = "Metal has none: cast it to float32" if value.dtype.kind == "f" else "Metal has none"
        raise KvistError(where, "an array of a type that Metal has", str(value.dtype), hint)
    array = as_array(value, declared, where)
    return tuple(array.shape), array.dtype, to_bytes(array)


def from_bytes(data: bytes, shape: tuple[int, ...], dtype: mx.Dtype) -> mx.array:
    """The reverse of `to_bytes`."""
    if not data:
        return mx.zeros(shape, dtype)
    if dtype == mx.bfloat16:
        return mx.array(np.frombuffer(data, np.uint16).reshape(shape)).view(mx.bfloat16)
    return mx.array(np.frombuffer(data, _NUMPY[dtype]).reshape(shape))
