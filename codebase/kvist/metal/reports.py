"""What a run of a kernel showed to be wrong: kind, place, threads, what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kvist.errors import KvistError
from kvist.metal.explanations import explain
from kvist.metal.frontend import KernelFunction
from kvist.metal.layouts import field_at
from kvist.metal.places import place_of
from kvist.metal.symbols import Place, lines_of
from kvist.metal.threadgroup_variables import declared_variables, variable_statements
from kvist.metal.tokens import significant, tokenize

KINDS = (
    "data_race",
    "atomic_race",
    "out_of_bounds",
    "uninitialized_read",
    "write_to_input",
    "unwritten_output",
    "divergent_barrier",
    "divergent_simd",
    "inactive_lane",
    "threadgroup_memory",
    "wild_pointer",
    "stack_overflow",
    "division_by_zero",
    "illegal_instruction",
    "time_limit",
    "crash",
)
Position = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Report:
    """One mistake of a kernel. Equal ones (same kind, line and buffer) are counted, the first is shown."""

    kind: str
    """One of `KINDS`."""
    file: str
    line: int
    """Of the Metal source; 0 where the machine cannot tell."""
    message: str
    hint: str
    thread: Position | None
    """thread_position_in_grid of the first thread that did it."""
    threadgroup: Position | None
    other_thread: Position | None
    """The thread on the other side of a race, or one that is missing at a barrier."""
    other_threadgroup: Position | None
    other_line: int
    """Where that thread was; 0 if unknown."""
    buffer: str | None
    """A buffer or threadgroup variable."""
    index: int | None
    """Element of it."""
    count: int

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        times = f" ({self.count} times)" if self.count > 1 else ""
        hint = f" hint: {self.hint}" if self.hint else ""
        return f"{place}: {self.kind}: {self.message}{times}.{hint}"

    def error(self) -> KvistError:
        """The report as an exception."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return KvistError(where, f"no {self.kind.replace('_', ' ')}", self.message, self.hint)


def reports_of(
    raw: Sequence[Mapping[str, Any]],
    program: Path,
    kernel: KernelFunction,
    text: str,
    label: str,
    time_limit: float,
) -> tuple[Report, ...]:
    """Reports from what the runtime wrote. `text` is the preprocessed source that `kernel` is in."""
    frames = lines_of(program, [[*r["frames"]] for r in raw])
    others = lines_of(program, [[r["other_frame"]] if r.get("other_frame") else [] for r in raw])
    made = []
    for fault, own, other in zip(raw, frames, others, strict=True):
        place = _place(fault, own, kernel, text, label)
        other_line = fault.get("other_line") or (other.line if other else 0)
        known = {"line": place.line, **fault}
        plain, hint = explain(known, other_line, time_limit)
        message, _ = explain(known | {"field": _field(fault, kernel, text)}, other_line, time_limit)
        made.append(
            (
                plain,
                Report(
                    kind=fault["kind"],
                    file=place.file,
                    line=place.line,
                    message=message,
                    hint=hint,
                    thread=_position(fault.get("thread")),
                    threadgroup=_position(fault.get("threadgroup")),
                    other_thread=_position(fault.get("other_thread")),
                    other_threadgroup=_position(fault.get("other_threadgroup")),
                    other_line=other_line,
                    buffer=fault.get("buffer"),
                    index=fault.get("element"),
                    count=fault["count"],
                ),
            )
        )
    return _merged(made)


def _merged(reports: Sequence[tuple[str, Report]]) -> tuple[Report, ...]:
    """Components of one vector or struct, read one by one, are one access of the source.

    Each with its message without the field of a struct: that of several fields.
    """
    found: dict[tuple[Any, ...], Report] = {}
    for plain, r in reports:
        key = (r.kind, r.file, r.line, plain, r.hint)
        if key in found:
            message = r.message if found[key].message == r.message else plain
            found[key] = replace(found[key], count=found[key].count + r.count, message=message)
        else:
            found[key] = r
    return tuple(found.values())


def _field(fault: Mapping[str, Any], kernel: KernelFunction, text: str) -> str:
    """`.d[63]` where the access is to a field of a struct that the text tells."""
    if "within" not in fault:
        return ""
    name = fault.get("buffer", "")
    kinds = {p.name: p.type_name for p in kernel.parameters}
    body = text[slice(*kernel.body)]
    tokens = significant(tokenize(body))
    for start, end in variable_statements(tokens, body, ""):
        kinds |= {n: element for element, _, n in declared_variables(tokens[start + 1 : end], body)}
    return field_at(text, kinds.get(name, ""), fault["within"])


def _place(
    fault: Mapping[str, Any], found: Place | None, kernel: KernelFunction, text: str, label: str
) -> Place:
    if fault.get("line"):
        return Place(_shown(fault["file"], label), fault["line"])
    if found is not None:
        return Place(_shown(found.file, label), found.line)
    offset = next((p.start for p in kernel.parameters if p.name == fault.get("buffer")), kernel.start)
    if fault["kind"] not in ("unwritten_output", "threadgroup_memory"):
        return Place(label, 0)
    file, line = place_of(text, offset, label)
    return Place(_shown(file, label), line)


def _shown(file: str, label: str) -> str:
    return label if Path(file).name == label else file


def _position(value: Sequence[int] | None) -> Position | None:
    return (value[0], value[1], value[2]) if value is not None else None
