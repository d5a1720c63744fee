"""Dates: durations (`1d`, `2 weeks`), calendar arithmetic, and Moment's format tokens in English."""

import re
from calendar import monthrange
from datetime import datetime, timedelta

from vaultkit.bases.values import Duration, Moment

_PART = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WORDS = {"year": "y", "month": "M", "week": "w", "day": "d", "hour": "h", "minute": "m", "second": "s"}
_TOKEN = re.compile(r"\[([^\]]*)\]|(YYYY|YY|Q|MMMM|MMM|MM|Mo|M|DDDD|DDD|DD|Do|D|dddd|ddd|dd|d|E|WW|W|ww|w"
                    r"|GGGG|HH|H|hh|h|mm|m|ss|s|SSS|A|a|X|x)")  # fmt: skip
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_AGO = (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3_600), ("minute", 60))


def duration_of(source: str) -> Duration | None:
    """`1d`, `2 weeks`, `1M 3d`; None if it is no duration. `M` is months, `m` minutes."""
    months, seconds, position = 0, 0.0, 0
    while position < len(source):
        found = _PART.match(source, position)
        if not found:
            return None
        unit = found[2] if len(found[2]) == 1 else _WORDS.get(found[2].lower().removesuffix("s"), "")
        amount = float(found[1])
        if abs(amount) > 1e9:
            return None
        if unit in ("y", "M"):
            months += round(amount * (12 if unit == "y" else 1))
        elif unit in _SECONDS:
            seconds += amount * _SECONDS[unit]
        else:
            return None
        position = found.end()
    return Duration(months, seconds) if source.strip() else None


def shift(moment: Moment, by: Duration, sign: int = 1) -> Moment | None:
    """The moment later (sign -1: earlier), the day kept within its month; None beyond the calendar."""
    month = moment.when.year * 12 + moment.when.month - 1 + sign * by.months
    year, month = divmod(month, 12)
    if not 1 <= year <= 9999:
        return None
    day = min(moment.when.day, monthrange(year, month + 1)[1])
    try:
        when = moment.when.replace(year=year, month=month + 1, day=day)
        when += timedelta(seconds=sign * by.seconds)
    except (OverflowError, ValueError):
        return None
    return Moment(when, moment.has_time or bool(by.seconds % 86_400))


def milliseconds(moment: Moment) -> float:
    """Since 1970, in the vault's own time."""
    return (moment.when - datetime(1970, 1, 1)).total_seconds() * 1000


def format_moment(moment: Moment, pattern: str) -> str:
    """The date in a Moment.js pattern; `[…]` is taken as it stands."""
    return _TOKEN.sub(
        lambda found: found[1] if found[1] is not None else _token(moment.when, found[2]), pattern
    )


def _token(when: datetime, token: str) -> str:
    week = when.isocalendar()
    half = when.hour % 12 or 12
    values: dict[str, object] = {
        "YYYY": f"{when.year:04}", "YY": f"{when.year % 100:02}", "GGGG": f"{week.year:04}",
        "Q": (when.month + 2) // 3, "MMMM": _MONTHS[when.month - 1], "MMM": _MONTHS[when.month - 1][:3],
        "MM": f"{when.month:02}", "Mo": _ordinal(when.month), "M": when.month,
        "DDDD": f"{when.timetuple().tm_yday:03}", "DDD": when.timetuple().tm_yday, "DD": f"{when.day:02}",
        "Do": _ordinal(when.day), "D": when.day, "dddd": _DAYS[when.weekday()],
        "ddd": _DAYS[when.weekday()][:3], "dd": _DAYS[when.weekday()][:2], "d": when.isoweekday() % 7,
        "E": when.isoweekday(), "WW": f"{week.week:02}", "W": week.week, "ww": f"{week.week:02}",
        "w": week.week, "HH": f"{when.hour:02}", "H": when.hour, "hh": f"{half:02}", "h": half,
        "mm": f"{when.minute:02}", "m": when.minute, "ss": f"{when.second:02}", "s": when.second,
        "SSS": f"{when.microsecond // 1000:03}", "A": "AM" if when.hour < 12 else "PM",
        "a": "am" if when.hour < 12 else "pm", "X": int(milliseconds(Moment(when)) // 1000),
        "x": int(milliseconds(Moment(when))),
    }  # fmt: skip
    return str(values[token])


def _ordinal(value: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(value % 10 if value // 10 != 1 else 0, "th")
    return f"{value}{ending}"


def relative(moment: Moment, now: Moment) -> str:
    """`3 days ago`, `in a month`."""
    seconds = (moment.when - now.when).total_seconds()
    for unit, size in _AGO:
        count = round(abs(seconds) / size)
        if abs(seconds) >= size and count:
            words = f"{count} {unit}s" if count > 1 else f"{'an' if unit == 'hour' else 'a'} {unit}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
    return "now"
