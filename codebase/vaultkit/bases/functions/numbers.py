"""Functions of numbers."""

import math
from typing import Any

from vaultkit.bases.functions.common import Evaluator, Function, strict
from vaultkit.bases.values import is_number, number


def rounded(value: float, digits: Any = 0) -> Any:
    """Half up, as JavaScript rounds; `digits` after the point, up to 12."""
    places = max(0, min(12, int(digits))) if is_number(digits) else 0
    factor = 10.0**places
    try:
        return number(math.floor(float(value) * factor + 0.5) / factor)
    except OverflowError:
        return None


def _fixed(_: Evaluator, value: float, digits: Any = 0) -> str:
    places = max(0, min(20, int(digits))) if is_number(digits) else 0
    return f"{float(value):.{places}f}"


NUMBER: dict[str, Function] = {
    "abs": strict(lambda _, value: abs(value)),
    "ceil": strict(lambda _, value: number(math.ceil(value))),
    "floor": strict(lambda _, value: number(math.floor(value))),
    "round": strict(lambda _, value, digits=0: rounded(value, digits)),
    "toFixed": strict(_fixed),
}
