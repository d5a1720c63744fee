"""What a caller gives for a buffer besides an array: `Output` to be filled, `Input` to be left alone."""

import math
import os
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal.dtypes import MLX_NAMES, NAMES, to_bytes

_COPIES = 4  # of a buffer that a run holds at once: here, in the file between, in the process, in the result


@dataclass(frozen=True, slots=True)
class Output:
    """A buffer for the kernel to fill. Without `init` every bit is one (NaN): unwritten elements show.

    shape: also one whole number. dtype: also by name, such as "float32" or "half". Raises KvistError for
    what is no shape or dtype, and for more than fits in memory.
    """

    shape: tuple[int, ...]
    dtype: mx.Dtype
    init: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _shape(self.shape))
        object.__setattr__(self, "dtype", _dtype(self.dtype))
        size, limit = math.prod(self.shape) * self.dtype.size, memory() // _COPIES
        if size > limit or max(self.shape, default=0) >= 2**31:
            need = f"at most {limit} bytes, a quarter of this machine's memory, and lengths below 2**31"
            raise KvistError("Output", need, f"{size} bytes for shape {self.shape}")

    def contents(self) -> bytes:
        """What it holds before the run."""
        if self.init is None:
            return b"\xff" * (math.prod(self.shape) * self.dtype.size)
        try:
            return to_bytes(mx.full(self.shape, self.init, self.dtype))
        except (TypeError, ValueError, OverflowError):
            raise KvistError("Output", "a number as init", repr(self.init)) from None


@dataclass(frozen=True, slots=True)
class Input:
    """Values that the kernel must not change, even where its signature would let it."""

    value: Any


def memory() -> int:
    """Bytes of memory of this machine; 16 GB where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 16 << 30


def _shape(shape: Any) -> tuple[int, ...]:
    lengths = (shape,) if isinstance(shape, Integral) else shape
    if not isinstance(lengths, tuple | list) or not all(
        isinstance(n, Integral) and int(n) >= 0 for n in lengths
    ):
        raise KvistError("Output", "a shape of whole numbers from 0", repr(shape), "such as (64, 4096)")
    return tuple(int(n) for n in lengths)


def _dtype(dtype: Any) -> mx.Dtype:
    found = NAMES.get(dtype) if isinstance(dtype, str) else dtype
    if not isinstance(found, mx.Dtype) or found not in MLX_NAMES:
        raise KvistError("Output", "a dtype that Metal has", repr(dtype), 'such as mx.float32 or "float32"')
    return found
