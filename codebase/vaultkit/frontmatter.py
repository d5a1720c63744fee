"""Front matter (Obsidian properties): YAML between `---` lines at the very start of a note."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from vaultkit.errors import Problem
from vaultkit.flat_yaml import NotFlat, Text, read_flat
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

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge `<<`, each key once: merges of merges would double at every step."""
        super().flatten_mapping(node)
        last = {key.value: place for place, (key, _) in enumerate(node.value) if _is_scalar(key)}
        node.value = [
            pair
            for place, pair in enumerate(node.value)
            if not _is_scalar(pair[0]) or last[pair[0].value] == place
        ]


def _is_scalar(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode)


class FrontMatter(NamedTuple):
    properties: dict[str, Any]
    texts: list[Text]
    problems: list[Problem]


def read(path: str, scan: Scan) -> FrontMatter:
    """Properties of a scanned note; invalid front matter gives {} and one problem at its line."""
    if not scan.front_end:
        return FrontMatter({}, [], _unclosed(path, scan))
    lines = scan.lines[1 : scan.front_end - 1]
    try:
        return FrontMatter(*read_flat(lines), [])
    except NotFlat:
        return _read_yaml(path, scan, "\n".join(lines))


def _read_yaml(path: str, scan: Scan, source: str) -> FrontMatter:
    try:
        _refuse_deep(source)
        node, loaded = _load(source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line + 2, scan.front_end) if mark else 1
        return FrontMatter({}, [], [_invalid(path, line, error.problem or error.context or "not YAML")])
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        OverflowError,
        RecursionError,
    ) as error:
        what = " ".join(str(error).split())[:120] or type(error).__name__
        return FrontMatter({}, [], [_invalid(path, 1, what)])
    if loaded is None:
        return FrontMatter({}, [], [])
    if not isinstance(loaded, dict):
        what = f"a {type(loaded).__name__} where properties are needed"
        return FrontMatter({}, [], [_invalid(path, 1, what)])
    return FrontMatter({str(key): value for key, value in loaded.items()}, list(_texts(node)), [])


def _load(source: str) -> tuple[yaml.Node | None, Any]:
    """The YAML tree, which knows where everything stands, and its value."""
    loader = _Loader(source)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _texts(root: yaml.Node | None) -> Iterator[Text]:
    """Every text in order; what an anchor names is read once, where it stands."""
    seen: set[int] = set()
    stack: list[tuple[str, yaml.Node | None]] = [("", root)]
    while stack:
        key, node = stack.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        dot = f"{key}." if key else ""
        if isinstance(node, yaml.ScalarNode):
            if node.tag == "tag:yaml.org,2002:str":
                start, end = node.start_mark, node.end_mark
                yield Text(key, node.value, start.line + 2, start.column, end.line + 2, end.column)
        elif isinstance(node, yaml.SequenceNode):
            stack += [(f"{dot}{index}", item) for index, item in reversed(list(enumerate(node.value)))]
        elif isinstance(node, yaml.MappingNode):
            stack += [(f"{dot}{name.value}", item) for name, item in reversed(node.value)]


def _refuse_deep(source: str) -> None:
    """Raise for nesting that would overflow the stack of the C parser, which no exception could report."""
    if sum(source.count(mark) for mark in "[{-:?") <= _MAX_DEPTH:
        return
    depth = 0
    for event in yaml.parse(source, Loader=_Base):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)


def value_of(properties: dict[str, Any], key: str) -> Any:
    """A property whatever the case of its name, as Obsidian finds `ALIASES`; None if it is not there."""
    if key in properties:
        return properties[key]
    return next((value for name, value in properties.items() if name.lower() == key), None)


def key_line(scan: Scan, key: str) -> int:
    """Line of a top-level property, 1 if it is not found."""
    for number, line in enumerate(scan.lines[1 : scan.front_end - 1], 2):
        if line.split(":", 1)[0].strip(" \"'") == key:
            return number
    return 1


def _unclosed(path: str, scan: Scan) -> list[Problem]:
    lines = scan.lines[:2]
    if len(lines) == 2 and lines[0].rstrip(" \t") == "---" and ":" in lines[1]:
        return [Problem(path, 1, "front-matter", "front matter is not closed", "end it with a line `---`")]
    return []


def _invalid(path: str, line: int, what: str) -> Problem:
    hint = "properties are `key: value`; quote text with `:`, `#`, `[[` or `{{` in it"
    return Problem(path, line, "front-matter", f"invalid front matter: {what}", hint)
