"""Functions of dates."""

from datetime import time
from typing import Any

from vaultkit.bases.dates import format_moment, relative
from vaultkit.bases.functions.common import Evaluator, Function, strict
from vaultkit.bases.values import Moment, text


def _date(_: Evaluator, moment: Moment) -> Moment:
    return Moment(moment.when.replace(hour=0, minute=0, second=0, microsecond=0), False)


def _format(_: Evaluator, moment: Moment, pattern: Any = "YYYY-MM-DD") -> str:
    return format_moment(moment, text(pattern)[:1000])


DATE: dict[str, Function] = {
    "date": strict(_date),
    "time": strict(lambda _, moment: time.strftime(moment.when.time(), "%H:%M:%S")),
    "format": strict(_format),
    "relative": strict(lambda e, moment: relative(moment, e.now())),
    "isEmpty": strict(lambda _e, _m: False),
}
