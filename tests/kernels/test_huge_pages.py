"""Weights on large pages: in place, with what they hold, and nothing where it is not worth it."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from kvist import native

from .conftest import need

MOVED = """
import sys
from pathlib import Path
import mlx.core as mx
from kvist import native

def on_large_pages():
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return int(rollup.split("AnonHugePages:")[1].split()[0]) * 1024

x = mx.arange(20 << 20, dtype=mx.uint32)
mx.eval(x)
before = on_large_pages()
moved = native.use_huge_pages([x])
print(moved, before, on_large_pages(), mx.array_equal(x, mx.arange(20 << 20, dtype=mx.uint32)).item())
"""


@pytest.fixture(autouse=True)
def extension():
    need(native.kernels is not None, native.status().reason)


def test_what_is_said_to_lie_on_large_pages_does():
    """In a process of its own, whose other memory stands still."""
    need(Path("/proc/self/smaps_rollup").exists(), "no Linux")
    done = subprocess.run([sys.executable, "-c", MOVED], capture_output=True, text=True, check=True)
    moved, before, after, equal = re.fullmatch(r"(\d+) (\d+) (\d+) (True|False)\n", done.stdout).groups()
    assert equal == "True"
    assert int(after) - int(before) <= int(moved) <= int(after)  # some may have lain on large pages before


def test_arrays_of_any_kind_keep_their_values():
    rng = np.random.default_rng(0)
    whole = mx.array(rng.standard_normal((1 << 20,)).astype(np.float32))
    parts = [whole[: 1 << 19], whole[5:77].reshape(8, 9), whole[::3], mx.array([], mx.float32), whole + 1]
    mx.eval(parts[:3])  # the last one has no data yet
    before = [np.array(part) for part in parts[:4]]
    assert native.kernels.use_huge_pages(parts) >= 0
    for part, values in zip(parts, before, strict=False):
        assert np.array_equal(np.array(part), values)


def test_other_threads_run_meanwhile():
    """No thread is asked to give the interpreter up, so another one runs only if this call lets it."""
    x, start, ran = mx.zeros(1 << 20), threading.Event(), threading.Event()
    mx.eval(x)
    other = threading.Thread(target=lambda: (start.wait(), ran.set()))
    other.start()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        start.set()
        for _ in range(20_000):
            native.kernels.use_huge_pages([x])
            if ran.is_set():
                break
        assert ran.is_set()
    finally:
        sys.setswitchinterval(before)
        other.join()


def test_little_is_left_where_it_is(monkeypatch):
    monkeypatch.setattr(native, "kernels", None)
    assert native.use_huge_pages([mx.zeros(1 << 26)]) == 0
    monkeypatch.undo()
    assert native.use_huge_pages([mx.zeros(100)]) == 0
