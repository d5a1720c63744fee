"""Cost of emulating Metal kernels: microseconds for each GPU thread, checked and unchecked, side by side.

    .venv/bin/python scripts/bench_kernels.py

The kernel is compiled first; a run is a process of its own, from start to end. Processor time of that process
is what to compare on a busy machine. None of this says anything about the speed of a GPU.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from kvist.metal import Emulation, Output, emulate, kernel_path

ROUNDS = 7
MATMUL = Path(__file__).resolve().parents[1] / "tests" / "kernels" / "metal" / "tiled_matmul.metal"


def rms_norm(check: bool) -> Emulation:
    x = np.random.default_rng(0).standard_normal((64, 4096)).astype(np.float32)
    buffers: dict[str, Any] = {"x": x, "weight": x[0].copy(), "eps": 1e-6, "dim": 4096}
    buffers["out"] = Output(x.shape, mx.float32)
    return emulate(kernel_path("rms_norm"), (256, 64, 1), (256, 1, 1), buffers, check=check, stop=False)


def tiled_matmul(check: bool) -> Emulation:
    a = np.random.default_rng(0).standard_normal((128, 128)).astype(np.float32)
    buffers = {"a": a, "b": a, "c": Output(a.shape, mx.float32), "size": np.full(3, 128, np.uint32)}
    return emulate(MATMUL, (128, 128, 1), (16, 16, 1), buffers, check=check, stop=False)


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(run: Callable[[bool], Emulation], check: bool) -> tuple[float, float]:
    """(wall, processor) in microseconds for each thread."""
    started, used = time.perf_counter(), processor_seconds()
    done = run(check)
    wall = time.perf_counter() - started
    if done.reports:
        sys.exit("\n".join(map(str, done.reports)))
    return 1e6 * wall / done.counters.threads, 1e6 * (processor_seconds() - used) / done.counters.threads


def main() -> None:
    print(f"{'kernel':24} {'mode':10} {'wall us/thread':>15} {'cpu us/thread':>15} {'to unchecked':>13}")
    for title, run in {"rms_norm 64x4096": rms_norm, "tiled_matmul 128": tiled_matmul}.items():
        for check in (False, True):
            run(check)  # compiles
        pairs = [(measure(run, False), measure(run, True)) for _ in range(ROUNDS)]
        for mode, index in (("unchecked", 0), ("checked", 1)):
            wall = statistics.median(pair[index][0] for pair in pairs)
            used = statistics.median(pair[index][1] for pair in pairs)
            ratio = statistics.median(pair[index][1] / pair[0][1] for pair in pairs)
            print(f"{title:24} {mode:10} {wall:15.2f} {used:15.2f} {ratio:12.1f}x")


if __name__ == "__main__":
    main()
