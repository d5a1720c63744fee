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


@contextmanager
def own_generators() -> Iterator[None]:
    """In the body the generators are as at the start of a note, after it as they were before."""
    python, numpy, mlx = random.getstate(), _ready("numpy.random", "get_state"), _ready("mlx.core", "random")
    before_numpy = (numpy.get_bit_generator(), numpy.get_state()) if numpy else None
    before_mlx = _mlx_seed(mlx) if mlx else _SEED
    random.setstate(_start)
    if numpy:
        if not isinstance(numpy.get_bit_generator(), numpy.MT19937):
            numpy.set_bit_generator(numpy.MT19937())
        numpy.seed(_SEED)
    if mlx:
        mlx.random.seed(_SEED)
    try:
        yield
    finally:
        random.setstate(python)
        if before_numpy:
            if numpy.get_bit_generator() is not before_numpy[0]:
                numpy.set_bit_generator(before_numpy[0])
            numpy.set_state(before_numpy[1])
        elif numpy := _ready("numpy.random", "get_state"):
            numpy.seed(_SEED)
        if mlx or (mlx := _ready("mlx.core", "random")):
            mlx.random.seed(before_mlx)


def _mlx_seed(mlx: Any) -> int:
    """The seed that gives the present state: a key is the 64 bits of its seed."""
    high, low = mlx.random.state[0].tolist()
    return int(high) << 32 | int(low)


def _ready(name: str, last: str) -> Any:
    """The module if it is completely imported: when it has the name `last`."""
    module = sys.modules.get(name)
    return module if module is not None and last in vars(module) else None
