"""JSON files that people edit or download: objects whose keys are checked as they are read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kvist.errors import KvistError

_MISSING = object()


@dataclass(frozen=True, slots=True)
class JsonFile:
    """The object in one JSON file, with errors that name the file and the key."""

    path: Path
    values: dict[str, Any]

    @staticmethod
    def read(path: Path) -> "JsonFile":
        return JsonFile(path, read_json(path))

    def get(self, key: str, kind: type, default: Any = _MISSING) -> Any:
        """`values[key]`, checked to be a `kind`; a default makes the key optional (null counts as absent)."""
        value = self.values.get(key)
        if value is None:
            if default is not _MISSING:
                return default
            raise KvistError(
                f"{self.path}", f'the key "{key}"', "no such key" if key not in self.values else "null"
            )
        if kind is float and type(value) is int:
            value = float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise KvistError(f"{self.path}", f'"{key}" of type {kind.__name__}', repr(value))
        return value

    def positive(self, key: str, kind: type = int, default: Any = _MISSING) -> Any:
        """`get` for a size: a number above zero."""
        value = self.get(key, kind, default)
        if not value > 0:
            raise KvistError(f"{self.path}", f'"{key}" above zero', repr(value))
        return value

    def refuse_unless(self, key: str, supported: Any) -> None:
        """Refuse a setting that would change the result and is not built; an absent key is fine."""
        value = self.values.get(key)
        if value is not None and value != supported:
            raise KvistError(f"{self.path}", f'"{key}" of {supported!r}, the only one supported', repr(value))


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises KvistError naming file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "a model folder holds config.json, *.safetensors and tokenizer.json"
        raise KvistError(f"{path}", "a readable file", "no such file", hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise KvistError(f"{path}", "a readable UTF-8 file", str(error)) from None
    try:
        values = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        got = error.msg if isinstance(error, json.JSONDecodeError) else "too deep a nesting"
        raise KvistError(f"{path}{line}", "valid JSON", got) from None
    if not isinstance(values, dict):
        raise KvistError(f"{path}:1", "a JSON object", type(values).__name__)
    return values
