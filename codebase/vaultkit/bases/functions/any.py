"""Functions that every value has, null included."""

from typing import Any

from vaultkit.bases.functions.common import Evaluator, Function, strict
from vaultkit.bases.values import is_empty, text, truthy, type_name


def _is_type(_: Evaluator, value: Any, name: Any) -> bool:
    wanted = text(name).lower()
    return type_name(value) == {"array": "list", "bool": "boolean", "datetime": "date"}.get(wanted, wanted)


ANY: dict[str, Function] = {
    "isEmpty": strict(lambda _, value: is_empty(value)),
    "isTruthy": strict(lambda _, value: truthy(value)),
    "isType": strict(_is_type),
    "toString": strict(lambda _, value: text(value)),
}
