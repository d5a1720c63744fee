"""What lint says of a text that the emulator has run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kvist.errors import KvistError
from kvist.metal.cli.limit import limited
from kvist.metal.lint import lint
from kvist.metal.source import Source

_TIME_LIMIT = 10.0  # seconds; the run does not depend on it


def linted(source: Source, include: Sequence[Path]) -> dict[str, Any]:
    """{"problems": how many, "first": the first as lint prints it}; None for both where lint gave up."""
    try:
        with limited("metal run", _TIME_LIMIT):
            problems = lint(source, include=include).problems
    except KvistError:
        return {"problems": None, "first": None}
    return {"problems": len(problems), "first": str(problems[0]) if problems else None}
