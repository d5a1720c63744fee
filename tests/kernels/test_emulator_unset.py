"""Guards what is said of private variables that never got a value, told by what comes out of a run."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.metal import Input, Output, emulate
from kvist.metal.compiler import compiler

pytestmark = pytest.mark.usefixtures("emulator")
TEXT = """#include <metal_stdlib>
using namespace metal;
kernel void k(device const float* x,
              device TYPE* y, uint i [[thread_position_in_grid]]) {
  BODY
}
"""
SUMS = "float sums[4]START; for (int j = 0; j < 4; j++) sums[j] += x[i] * j; y[i] = sums[i % 4];"
BODIES = {
    "sums": ("float", SUMS),
    "half": ("half", "half v[8]START; y[i] = v[(i + 3) % 8];"),
    "half4": ("half", "half4 v[2]START; if (i > 99) v[1] = 1.0h; y[i] = v[i % 2].z;"),
    "best": ("uint", "uint best[2]START; if (x[i] < 0) best[i % 2] = i; y[i] = best[(i + 1) % 2];"),
    "scalar": ("float", "float sumSTART; for (uint j = 0; j < i; j++) sum += x[j]; y[i] = sum;"),
}


def run(kind: str, body: str, **given):
    text = TEXT.replace("TYPE", kind).replace("BODY", body)
    buffers = {"x": np.arange(8, dtype=np.float32), "y": Output((8,), kind)} | given
    return emulate(text, 8, 8, buffers).reports


@pytest.mark.parametrize("name", BODIES)
def test_a_variable_without_a_value_shows_in_what_is_written(name):
    if "clang" in compiler()[1]:
        pytest.skip("clang has another pattern, a not-a-number that may be anybody's")
    kind, body = BODIES[name]
    (report,) = run(kind, body.replace("START", ""))
    assert (report.kind, report.line, report.buffer) == ("uninitialized_read", 4, "y")
    assert "never given a value" in report.message
    assert report.count >= 1 and report.hint
    assert run(kind, body.replace("START", " = {}")) == ()


def test_the_pattern_of_a_buffer_or_of_the_text_is_no_mistake():
    x = np.full(8, 0xFEFEFEFE, np.uint32).view(np.float32)
    assert run("float", "y[i] = x[i];", x=x) == ()
    assert run("uint", "y[i] = 0xFEFEFEFEu + i - i;") == ()
    old = mx.array(np.full(8, 0xFEFEFEFE, np.uint32))
    assert run("uint", "if (x[i] > 3) y[i] = 1;", y=old) == ()
    assert run("uint", "(void)y[i];", y=Input(old)) == ()
