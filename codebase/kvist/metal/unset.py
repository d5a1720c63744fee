"""Private variables that were never given a value, told from the pattern that the compiler leaves in them.

GCC fills them with bytes 0xFE. As a float that is -1.69e38, which stays what it is when ordinary numbers are
added: a sum that nobody set to zero comes out as the pattern. What else is computed from it is not seen.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import mlx.core as mx
import numpy as np

from kvist.metal.bind import Bound
from kvist.metal.frontend import KernelFunction
from kvist.metal.places import place_of
from kvist.metal.reports import Report

_FILL = b"\xfe"
_FRACTIONS = (mx.float32, mx.float16, mx.bfloat16)
_WHOLE = (mx.int32, mx.uint32, mx.int64, mx.uint64)  # fewer bits hold it by chance


def unset_values(
    kernel: KernelFunction, bound: Sequence[Bound], contents: Mapping[str, bytes], text: str, label: str
) -> Iterator[Report]:
    """A report for each buffer that the run left with the pattern in it. contents: by name, after the run.

    Nothing is said where the pattern may come from elsewhere: a buffer as it was before, or the text.
    """
    found = {b.parameter.name: _elements(b, contents[b.parameter.name]) for b in bound if b.writable}
    if not any(len(places) for places in found.values()):
        return
    if any(_FILL * 2 in b.data for b in bound) or re.search(r"(?i)fefe|-16843010|4278124286", text):
        return
    for b in bound:
        places = found.get(b.parameter.name, np.array([], np.int64))
        if not len(places):
            continue
        file, line = place_of(text, b.parameter.start or kernel.start, label)
        first = int(places[0])
        message = f"{b.parameter.name}[{first}] holds the pattern of a variable that was never given a value"
        yield Report(
            kind="uninitialized_read",
            file=file,
            line=line,
            message=message,
            hint="a variable or array of the thread's own starts with arbitrary contents: `= 0`, or `= {}`",
            thread=None,
            threadgroup=None,
            other_thread=None,
            other_threadgroup=None,
            other_line=0,
            buffer=b.parameter.name,
            index=first,
            count=len(places),
        )


def _pattern(dtype: mx.Dtype) -> np.generic:
    kind = {2: np.uint16, 4: np.uint32, 8: np.uint64}[dtype.size]
    value: np.generic = np.frombuffer(_FILL * dtype.size, kind)[0]
    return value


def _elements(b: Bound, data: bytes) -> np.ndarray:
    """Indices of the elements that hold the pattern."""
    if b.dtype not in _FRACTIONS + _WHOLE:
        return np.array([], np.int64)
    pattern = _pattern(b.dtype)
    return np.flatnonzero(np.frombuffer(data, pattern.dtype) == pattern)
