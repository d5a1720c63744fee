"""Tool calling: the engine's own is `kvist.agent.parse_call`."""

from types import ModuleType

from kvist.agent import Tool, parse_call

TYPES = {"add": {"a": int, "b": float}, "now": {}}
TOOLS = [Tool(name, arguments, lambda **given: None) for name, arguments in TYPES.items()]
GOOD = ('{"name": "add", "arguments": {"a": 1, "b": 2.5}}', '{"name": "add", "arguments": {"b": 2, "a": 1}}',
        '{"name": "now", "arguments": {}}')  # fmt: skip
BAD = (
    "add(1, 2)", "[]", "{", '{"name": "add"}', '{"name": "rm", "arguments": {}}',
    '{"name": null, "arguments": {}}',
    '{"name": "add", "arguments": {"a": 1}}', '{"name": "add", "arguments": {"a": 1, "b": 2, "c": 3}}',
    '{"name": "add", "arguments": {"a": "1", "b": 2}}', '{"name": "add", "arguments": {"a": true, "b": 2}}',
    '{"name": "add", "arguments": {"a": 1.5, "b": 2}}', '{"name": "now", "arguments": []}',
)  # fmt: skip


def check_good(solution: ModuleType) -> None:
    """Reads a call."""
    for text in GOOD:
        tool, arguments = parse_call(text, TOOLS)
        got = solution.parse_call(text, TYPES)
        assert tuple(got) == (tool.name, arguments), f"{text}: need {(tool.name, arguments)}, got {got}"


def check_bad(solution: ModuleType) -> None:
    """Refuses everything else with ValueError."""
    for text in BAD:
        try:
            got = solution.parse_call(text, TYPES)
        except ValueError:
            continue
        raise AssertionError(f"{text} must be refused, got {got}")
