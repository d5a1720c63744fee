"""Run a compiled kernel in a process of its own and bring back its outputs, counters or fault."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kvist.errors import KvistError

_GRACE = 5.0  # seconds after which a process that missed its own time limit is killed


@dataclass(frozen=True, slots=True)
class BufferBytes:
    """One [[buffer(n)]]: its contents before the run."""

    name: str
    data: bytes
    writable: bool


@dataclass(frozen=True, slots=True)
class Run:
    """What came back: contents of the writable buffers by name, and the runtime's line of JSON."""

    contents: dict[str, bytes]
    report: dict[str, Any]


def run(
    program: Path,
    buffers: Sequence[BufferBytes],
    *,
    grid: tuple[int, int, int],
    threadgroup: tuple[int, int, int],
    order: str,
    seed: int,
    time_limit: float,
) -> Run:
    """Execute `program` (see shim/kvist_main.cpp for the request it reads)."""
    with tempfile.TemporaryDirectory(prefix="kvist-metal-") as folder:
        data = Path(folder, "buffers")
        offsets = _write(data, buffers)
        lines = [
            f"data {data}",
            "grid {} {} {}".format(*grid),
            "threadgroup {} {} {}".format(*threadgroup),
            f"order {order} {seed}",
            f"limit {time_limit}",
        ]
        for buffer, offset in zip(buffers, offsets, strict=True):
            mode = "write" if buffer.writable else "read"
            lines.append(f"buffer {buffer.name} {offset} {len(buffer.data)} {mode}")
        report = _execute(program, "\n".join(lines) + "\n", time_limit)
        contents = {} if "error" in report else _read(data, buffers, offsets)
        return Run(contents, report)


def _write(path: Path, buffers: Sequence[BufferBytes]) -> list[int]:
    offsets = []
    with path.open("wb") as file:
        for buffer in buffers:
            offsets.append(file.tell())
            file.write(buffer.data)
    return offsets


def _read(path: Path, buffers: Sequence[BufferBytes], offsets: Sequence[int]) -> dict[str, bytes]:
    contents = {}
    with path.open("rb") as file:
        for buffer, offset in zip(buffers, offsets, strict=True):
            if buffer.writable:
                file.seek(offset)
                contents[buffer.name] = file.read(len(buffer.data))
    return contents


def _execute(program: Path, request: str, time_limit: float) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [str(program)], input=request, capture_output=True, text=True, timeout=time_limit + _GRACE
        )
    except subprocess.TimeoutExpired:
        return {"error": "time_limit", "line": 0, "thread": -1, "threadgroup": [0, 0, 0]}
    except OSError as error:
        raise KvistError("metal", "to run a compiled kernel", str(error)) from error
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        report = {
            "error": "died",
            "line": 0,
            "thread": -1,
            "threadgroup": [0, 0, 0],
            "status": done.returncode,
        }
    return report
