"""The generators of random numbers while a module of ours is imported.

A module that draws at import keeps what it drew. It must draw the same whichever note imports it first, and
must not shift the numbers of that note: within an import the generators start anew, then the note's go on.
"""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SEED = 0
_start = random.Random(_SEED).getstate()
_numpy_start: list[Any] = []


@contextmanager
def own_generators() -> Iterator[None]:
    """In the body the generators are as at the start of a note, after it as they were before."""
    python, numpy, mlx = random.getstate(), _ready("numpy"), _ready("mlx.core")
    before_numpy = numpy.random.get_state() if numpy else None
    before_mlx = _mlx_seed(mlx) if mlx else _SEED
    random.setstate(_start)
    if numpy:
        numpy.random.set_state(_numpy_state(numpy))
    if mlx:
        mlx.random.seed(_SEED)
    try:
        yield
    finally:
        random.setstate(python)
        if numpy or (numpy := _ready("numpy")):
            numpy.random.set_state(before_numpy or _numpy_state(numpy))
        if mlx or (mlx := _ready("mlx.core")):
            mlx.random.seed(before_mlx)


def _numpy_state(numpy: Any) -> Any:
    if not _numpy_start:
        _numpy_start.append(numpy.random.RandomState(_SEED).get_state())
    return _numpy_start[0]


def _mlx_seed(mlx: Any) -> int:
    """The seed that gives the present state: a key is the 64 bits of its seed."""
    high, low = mlx.random.state[0].tolist()
    return int(high) << 32 | int(low)


def _ready(name: str) -> Any:
    """The module if it is completely imported."""
    module = sys.modules.get(name)
    return module if module is not None and hasattr(module, "random") else None
