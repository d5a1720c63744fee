"""Tools: what a model may call, and the check that stands between its text and the call."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kvist.errors import KvistError


@dataclass(frozen=True)
class Tool:
    """A function with the types of its arguments; all of them are required."""

    name: str
    arguments: dict[str, type]
    call: Callable[..., Any]


def parse_call(text: str, tools: Sequence[Tool]) -> tuple[Tool, dict[str, Any]]:
    """The tool and arguments that `{"name": …, "arguments": {…}}` asks for.

    Nothing that a model writes is called unchecked: raises KvistError, whose message can go back to the
    model, on text that is no such JSON, an unknown tool, and arguments that are missing, too many or of
    another type.
    """
    by_name = {tool.name: tool for tool in tools}
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict) or not isinstance(asked.get("arguments"), dict):
        raise KvistError("tool call", '{"name": …, "arguments": {…}}', repr(text[:80]))
    tool = by_name.get(str(asked.get("name")))
    if tool is None:
        raise KvistError("tool call", f"a name of {', '.join(by_name)}", repr(asked.get("name")))
    given = asked["arguments"]
    if set(given) != set(tool.arguments):
        raise KvistError(tool.name, f"arguments {', '.join(tool.arguments)}", ", ".join(given) or "none")
    for name, kind in tool.arguments.items():
        if not _is(given[name], kind):
            raise KvistError(tool.name, f"{name} of type {kind.__name__}", repr(given[name]))
    return tool, given


def _is(value: Any, kind: type) -> bool:
    """JSON knows one kind of number: an int may stand for a float, but true is no int."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, kind) or (kind is float and isinstance(value, int))
