"""What an operator's argument has to be, whatever its shape: an MLX array, a number, a whole number."""

from numbers import Integral, Real

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError

FLOATS = (mx.float32, mx.float16, mx.bfloat16)
MOST_WHOLE = 2**31 - 1


def need_array(where: str, **arrays: object) -> None:
    """Raise KvistError `[where]` unless each of the named values is an mx.array."""
    for name, value in arrays.items():
        if isinstance(value, mx.array):
            continue
        if isinstance(value, np.ndarray):
            got, hint = f"a numpy array of {value.dtype}", f"mx.array({name})"
        else:
            got = repr(value) if value is None or isinstance(value, Real) else type(value).__name__
            hint = f"mx.array({name})" if isinstance(value, (Real, list, tuple)) else ""
        raise KvistError(where, f"{name} to be an mx.array", got, hint)


def need_floats(where: str, **arrays: mx.array) -> None:
    """Raise KvistError `[where]` unless each of the named arrays holds floating-point numbers."""
    for name, array in arrays.items():
        if not mx.issubdtype(array.dtype, mx.floating):
            hint = f"{name}.astype(mx.float32)"
            raise KvistError(where, f"{name} of a floating dtype", str(array.dtype), hint)


def need_number(where: str, **values: object) -> None:
    """Raise KvistError `[where]` unless each of the named values is a real number that a float can hold."""
    for name, value in values.items():
        if type(value) is float:
            continue
        if not isinstance(value, Real) or isinstance(value, bool):
            raise KvistError(where, f"{name} to be a number", repr(value))
        try:
            float(value)
        except OverflowError:
            raise KvistError(where, f"{name} to be a number up to 1.8e308", "a larger one") from None


def need_whole(where: str, **values: object) -> None:
    """Raise KvistError `[where]` unless each of the named values is a whole number of 32 bits."""
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise KvistError(where, f"{name} to be a whole number", repr(value))
        if abs(int(value)) > MOST_WHOLE:
            raise KvistError(where, f"{name} from -{MOST_WHOLE} to {MOST_WHOLE}", str(value))


def need_flag(where: str, **values: object) -> None:
    """Raise KvistError `[where]` unless each of the named values is True or False."""
    for name, value in values.items():
        if not isinstance(value, (bool, np.bool_)):
            raise KvistError(where, f"{name} to be True or False", repr(value))


def need_implementation(where: str, value: object, *names: str) -> None:
    """Raise KvistError `[where]` unless `value` is one of these names, or None for the best one here."""
    if value is None or (isinstance(value, str) and value in names):
        return
    raise KvistError(where, f"implementation {', '.join(names)}", repr(value))
