"""Front matter (Obsidian properties): YAML between `---` lines at the very start of a note."""

from collections.abc import Iterator
from typing import Any

import yaml

from vaultkit.errors import Problem
from vaultkit.lines import Scan

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MAX_DEPTH = 200


class _Loader(_Base):
    """Safe YAML that refuses a key written twice, which PyYAML lets pass silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"property `{key.value}` twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read(path: str, scan: Scan) -> tuple[dict[str, Any], list[Problem]]:
    """Properties of a scanned note; invalid front matter gives {} and one problem at its line."""
    if not scan.front_end:
        return {}, _unclosed(path, scan)
    source = "\n".join(scan.lines[1 : scan.front_end - 1])
    try:
        _refuse_deep(source)
        loaded = yaml.load(source, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line + 2, scan.front_end) if mark else 1
        return {}, [_invalid(path, line, error.problem or error.context or "not YAML")]
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        OverflowError,
        RecursionError,
    ) as error:
        return {}, [_invalid(path, 1, " ".join(str(error).split())[:120] or type(error).__name__)]
    if loaded is None:
        return {}, []
    if not isinstance(loaded, dict):
        return {}, [_invalid(path, 1, f"a {type(loaded).__name__} where properties are needed")]
    return {str(key): value for key, value in loaded.items()}, []


def _refuse_deep(source: str) -> None:
    """Raise for nesting that would overflow the stack of the C parser, which no exception could report."""
    if len(source) <= _MAX_DEPTH:
        return
    depth = 0
    for event in yaml.parse(source, Loader=_Base):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)


def key_line(scan: Scan, key: str) -> int:
    """Line of a top-level property, 1 if it is not found."""
    for number, line in enumerate(scan.lines[1 : scan.front_end - 1], 2):
        if line.split(":", 1)[0].strip(" \"'") == key:
            return number
    return 1


def strings(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """(dotted key, text) of every text below `value`: `a.b` for mappings, `a.0` for lists."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict) and depth < 50:
        for name, item in value.items():
            yield from strings(item, f"{key}.{name}" if key else str(name), depth + 1)
    elif isinstance(value, list) and depth < 50:
        for index, item in enumerate(value):
            yield from strings(item, f"{key}.{index}", depth + 1)


def _unclosed(path: str, scan: Scan) -> list[Problem]:
    lines = scan.lines[:2]
    if len(lines) == 2 and lines[0].rstrip(" \t") == "---" and ":" in lines[1]:
        return [Problem(path, 1, "front-matter", "front matter is not closed", "end it with a line `---`")]
    return []


def _invalid(path: str, line: int, what: str) -> Problem:
    hint = "properties are `key: value`; quote text with `:`, `#`, `[[` or `{{` in it"
    return Problem(path, line, "front-matter", f"invalid front matter: {what}", hint)
