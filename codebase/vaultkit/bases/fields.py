"""What stands behind a dot: fields of files, dates, texts, lists and objects."""

from typing import Any

from vaultkit.bases.index import Index, Record
from vaultkit.bases.values import File, FileName, Link, Moment, Span, number

_SPAN = {"milliseconds": 1, "seconds": 1e3, "minutes": 6e4, "hours": 3.6e6, "days": 8.64e7, "weeks": 6.048e8,
         "months": 2.6298e9, "years": 3.15576e10}  # fmt: skip
_DATE = ("year", "month", "day", "hour", "minute", "second")


def file_field(index: Index, file: File, name: str) -> Any:
    """`file.name` and so on; null for a file that is not there or a field that files do not have."""
    entry = index.entries.get(file.path)
    if entry is None:
        return None
    if name == "name" and entry.ext.lower() == "md":
        return FileName(entry.basename)
    if name in ("name", "basename", "path", "folder", "ext"):
        return getattr(entry, name)
    if name in ("size", "ctime", "mtime"):
        return index.stat(file.path)[("size", "ctime", "mtime").index(name)]
    if name in ("tags", "links", "embeds"):
        return list(getattr(entry, name))
    if name == "backlinks":
        return [Link(path, path=path) for path in index.backlinks.get(file.path, [])]
    if name in ("properties", "note"):
        return entry.properties
    if name == "file":
        return file
    return None


def field_of(value: Any, name: Any) -> Any:
    """`value.name` or `value["name"]` of what is no file."""
    if isinstance(value, Record):
        return value.find(str(name))
    if isinstance(value, dict):
        return value.get(str(name))
    if name == "length" and isinstance(value, (str, list)):
        return len(value)
    if isinstance(value, Moment) and name in _DATE:
        return getattr(value.when, str(name))
    if isinstance(value, Moment) and name == "millisecond":
        return value.when.microsecond // 1000
    if isinstance(value, Span) and name in _SPAN:
        return number(value / _SPAN[name])
    if isinstance(value, Link) and name == "path":
        return value.path or value.target
    return None
