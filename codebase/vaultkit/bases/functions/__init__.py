"""The functions of the expression language, by the type that has them; `GLOBAL` are those of no type.

A function takes the evaluator, the value before the dot, and its arguments unevaluated. A method that the
value's type does not have gives null, as a missing property does.
"""

from typing import Any

from vaultkit.bases.functions.any import ANY
from vaultkit.bases.functions.common import Function
from vaultkit.bases.functions.dates import DATE
from vaultkit.bases.functions.files import FILE, LINK
from vaultkit.bases.functions.globals import GLOBAL
from vaultkit.bases.functions.lists import LIST, OBJECT
from vaultkit.bases.functions.numbers import NUMBER
from vaultkit.bases.functions.texts import REGEXP, STRING
from vaultkit.bases.values import Link, type_name

BY_TYPE: dict[str, dict[str, Function]] = {
    "string": STRING,
    "number": NUMBER,
    "date": DATE,
    "list": LIST,
    "object": OBJECT,
    "link": LINK,
    "file": FILE,
    "regexp": REGEXP,
}
METHODS: frozenset[str] = frozenset(ANY).union(*BY_TYPE.values())

__all__ = ["BY_TYPE", "GLOBAL", "METHODS", "method"]


def method(name: str, receiver: Any) -> Function | None:
    """The function `name` of this value's type, None if it has none."""
    own = BY_TYPE.get(type_name(receiver), {}).get(name) or ANY.get(name)
    if own is None and isinstance(receiver, Link):  # a link is a text too
        return STRING.get(name)
    return own
