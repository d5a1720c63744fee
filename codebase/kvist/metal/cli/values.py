"""Read the values of `kvist metal run`: sizes, buffers, outputs, `name=value` pairs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError
from kvist.metal.dtypes import NAMES, element_dtype, limits, to_numpy

# float32 and the like, besides the names of MSL.
_FLOATING = (mx.float32, mx.float16, mx.bfloat16, mx.bool_)


@dataclass(frozen=True, slots=True)
class OutputArgument:
    """`--out name=float32:64x4096:0`."""

    name: str
    dtype: mx.Dtype | None
    shape: tuple[int, ...]
    init: float | None


def pair(text: str, option: str) -> tuple[str, str]:
    """`name=value`."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise KvistError(option, "name=value", repr(text))
    return name.strip(), value.strip()


def size(text: str, option: str) -> tuple[int, int, int]:
    """`64,4096,1`, `64x4096` or `64`; what is left out is 1."""
    parts = [part.strip() for part in text.strip().strip("()[]").replace("x", ",").split(",")]
    numbers = [int(part) for part in parts if _whole(part)]
    if not 1 <= len(numbers) == len(parts) <= 3 or not all(0 < n < 2**31 for n in numbers):
        need = "one to three whole numbers X,Y,Z from 1"
        raise KvistError(option, need, repr(text), "such as 4096 or 64,32,1")
    whole = (*numbers, 1, 1)
    return whole[0], whole[1], whole[2]


def shape(text: str, option: str) -> tuple[int, ...]:
    """`64x4096`, `64,4096` or `()`."""
    cleaned = text.strip().strip("()[]").replace("x", ",").replace(" ", "")
    inside = cleaned.removesuffix(",") if text.strip().startswith("(") else cleaned  # (64,) of Python
    parts = inside.split(",") if inside else []
    if not all(map(_whole, parts)):
        raise KvistError(option, "a shape such as 64x4096", repr(text))
    return tuple(int(part) for part in parts)


def _whole(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) < 20


def output(text: str) -> OutputArgument:
    """`name=dtype:shape`, with `:value` behind it for the contents before the run."""
    name, value = pair(text, "--out")
    parts = value.split(":")
    if len(parts) == 1:
        parts = ["", *parts]
    if len(parts) > 3:
        raise KvistError("--out", "name=dtype:shape or name=dtype:shape:initial", repr(text))
    if parts[0] and parts[0] not in NAMES:
        known = "bfloat16, bool, float16, float32, int8 to int64, uint8 to uint64"
        raise KvistError("--out", f"a dtype of {known}", repr(parts[0]))
    try:
        init = float(parts[2]) if len(parts) == 3 else None
    except ValueError:
        raise KvistError("--out", "a number as initial value", repr(parts[2])) from None
    return OutputArgument(name, NAMES[parts[0]] if parts[0] else None, shape(parts[1], "--out"), init)


def buffer(value: str, type_name: str, where: str) -> Any:
    """An array of a .npy file, a number, or several with commas, in the type that the kernel declares.

    `x.npy@64` is what follows the first 64 elements of the file, in one dimension.
    """
    file, offset = file_of(value)
    if file is not None:
        array = _load(file, where)
        if offset is None:
            return array
        if offset >= array.size:
            raise KvistError(where, f"an offset below the {array.size} elements of {file}", str(offset))
        return array.reshape(-1)[offset:]
    numbers = [_number(part, where) for part in value.split(",")]
    dtype = element_dtype(type_name)
    if dtype is None:
        if len(numbers) > 1 or type_name[:1].isupper():
            raise KvistError(where, f"the bytes of a {type_name} in a .npy file", repr(value))
        return numbers[0]
    if dtype not in _FLOATING and any(isinstance(n, float) for n in numbers):
        raise KvistError(where, f"whole numbers for {type_name}", value)
    low, high = limits(dtype)
    if any(not low <= n <= high for n in numbers if n == n):
        raise KvistError(where, f"numbers that {type_name} holds", value)
    given = numbers if len(numbers) > 1 else numbers[0]
    return mx.array(given).astype(dtype) if dtype == mx.bfloat16 else np.array(given).astype(to_numpy(dtype))


def file_of(value: str) -> tuple[Path | None, int | None]:
    """The file of `x.npy` and `x.npy@64`, None for numbers; and the offset in elements, None without."""
    path = Path(value)
    if value.endswith(".npy") or path.is_file():
        return path, None
    name, at, offset = value.rpartition("@")
    if at and _whole(offset) and (name.endswith(".npy") or Path(name).is_file()):
        return Path(name), int(offset)
    return None, None


def _load(path: Path, where: str) -> np.ndarray:
    try:
        with path.open("rb") as file:
            if file.read(6) != b"\x93NUMPY":
                raise KvistError(
                    where, "a .npy file", f"{str(path)!r}, which is not one", "np.save writes it"
                )
        array: np.ndarray = np.load(path, allow_pickle=False)
    except KvistError:
        raise
    except FileNotFoundError:
        raise KvistError(where, "a .npy file", f"{str(path)!r}, which does not exist") from None
    except OSError as error:
        raise KvistError(where, "a .npy file", f"{str(path)!r}: {error.strerror or error}") from None
    except (ValueError, EOFError, MemoryError) as error:
        got = "Python objects" if "pickle" in str(error) else "a damaged file"
        raise KvistError(where, f"an array of numbers in {path}", got) from None
    return array


def _number(text: str, where: str) -> int | float | bool:
    text = text.strip()
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise KvistError(where, "a .npy file or a number", repr(text)) from None
