"""YAML that people wrote, read without ever raising or overflowing."""

from typing import Any, NamedTuple

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 100
MAX_LENGTH = 1_000_000


class Loaded(NamedTuple):
    """`value`, or what is wrong and the line (1-based) of it."""

    value: Any
    wrong: str = ""
    line: int = 0


def load(text: str) -> Loaded:
    if len(text) > MAX_LENGTH:
        return Loaded(None, "is too large", 1)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                return Loaded(None, "is nested too deeply", event.start_mark.line + 1)
        return Loaded(yaml.load(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join((error.problem or error.context or "not YAML").split())
        return Loaded(None, f"is not valid YAML: {what}", mark.line + 1 if mark else 1)
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as e:
        return Loaded(None, f"is not valid YAML: {' '.join(str(e).split())[:120]}", 1)
