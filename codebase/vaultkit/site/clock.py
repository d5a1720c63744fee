"""The one day on which a build is made: what depends on time depends on nothing finer."""

import os
from datetime import UTC, date, datetime


def build_day() -> date:
    """The day that `now()` and `today()` mean: of SOURCE_DATE_EPOCH if it is set, else today."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        return datetime.fromtimestamp(int(given), UTC).date() if given else date.today()
    except (ValueError, OverflowError, OSError):
        return date.today()
