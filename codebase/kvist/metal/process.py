"""Run a compiled kernel in a process of its own and bring back its outputs, counters or fault."""

import json
import subprocess
import tempfile
import time
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
    mode: str  # "input", "output" or "inout"

    @property
    def writable(self) -> bool:
        return self.mode != "input"


@dataclass(frozen=True, slots=True)
class ThreadgroupMemory:
    """One [[threadgroup(n)]]. assumed: nobody said how large, so it does not count against the limit."""

    name: str
    index: int
    size: int
    assumed: bool


@dataclass(frozen=True, slots=True)
class Run:
    """What came back: contents of the writable buffers by name, and the runtime's line of JSON."""

    contents: dict[str, bytes]
    result: dict[str, Any]
    seconds: float


def run(
    program: Path,
    buffers: Sequence[BufferBytes],
    *,
    grid: tuple[int, int, int],
    threadgroup: tuple[int, int, int],
    order: str,
    seed: int,
    time_limit: float,
    check: bool,
    threadgroup_memory: Sequence[ThreadgroupMemory] = (),
) -> Run:
    """Execute `program` (see shim/kvist_main.cpp for the request it reads)."""
    with tempfile.TemporaryDirectory(prefix="kvist-metal-") as folder:
        data = Path(folder, "buffers")
        try:
            offsets = _write(data, buffers)
        except OSError as error:
            raise KvistError("metal", f"room for the buffers in {folder}", str(error.strerror)) from None
        lines = [
            f"data {data}",
            "grid {} {} {}".format(*grid),
            "threadgroup {} {} {}".format(*threadgroup),
            f"order {order} {seed}",
            f"limit {time_limit}",
            f"check {int(check)}",
        ]
        for buffer, offset in zip(buffers, offsets, strict=True):
            lines.append(f"buffer {buffer.name} {offset} {len(buffer.data)} {buffer.mode}")
        for m in threadgroup_memory:
            lines.append(f"threadgroup_memory {m.index} {m.name} {m.size} {int(m.assumed)}")
        started = time.perf_counter()
        result = _execute(program, "\n".join(lines) + "\n", time_limit)
        return Run(_read(data, buffers, offsets), result, time.perf_counter() - started)


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
        return _died("time_limit")
    except OSError as error:
        raise KvistError("metal", "to run a compiled kernel", str(error)) from error
    try:
        result: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        return _died("crash")
    if "need" in result:
        raise KvistError("metal", result["need"], "less", "smaller buffers, or a machine with more memory")
    return result


def _died(kind: str) -> dict[str, Any]:
    """What a process that could not say it itself would have said."""
    return {"finished": False, "reports": [{"kind": kind, "count": 1, "frames": []}]}
