"""Guards functions that differ in address space: the one for where the argument points is run."""

import numpy as np
import pytest

from kvist.metal import Output, emulate
from kvist.metal.lint import lint

pytestmark = pytest.mark.usefixtures("emulator")

TEXT = """#include <metal_stdlib>
using namespace metal;
constant float table[2] = {5, 6};
FUNCTIONS
kernel void k(device float* x [[buffer(0)]], constant float* c [[buffer(1)]], device float* o [[buffer(2)]],
              uint i [[thread_position_in_grid]]) {
  threadgroup float shared[4];
  thread float own[2];
  shared[i] = own[0] = own[1] = x[i];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  o[i] = CALL;
}
"""
POINTERS = """
inline float f(device const float* p, uint i) { return 1000 + p[i]; }
inline float f(constant float* p, uint i) { return 2000 + p[i]; }
inline float f(threadgroup const float* p, uint i) { return 3000 + p[i]; }
inline float f(thread const float* p, uint i) { return 4000 + p[i & 1]; }
"""
REFERENCES = """
template <typename T>
T f(device T& p, T add) { return 1000 + p + add; }
template <typename T>
T f(threadgroup T& p, T add) { T v = p; return 3000 + v + add; }
"""
COPIES = """
void f(device const float* from, threadgroup float* to, uint i) { to[i] = from[i] + 1; }
void f(threadgroup const float* from, threadgroup float* to, uint i) { float v = from[i]; to[i] = v + 2; }
float g(device const float* x, threadgroup float* t, uint i) { f(x, t, i); f(t, t, i); return t[i]; }
"""


@pytest.mark.parametrize(
    ("functions", "call", "expected"),
    [
        (POINTERS, "f(x, i)", [1000, 1001, 1002, 1003]),
        (POINTERS, "f(c, i) + f(shared, i)", [5010, 5012, 5014, 5016]),
        (POINTERS, "f(own, i) + f(table, i & 1)", [6005, 6007, 6007, 6009]),
        (REFERENCES, "f(x[i], 0.5f) + f<float>(shared[i], 0.5f)", [4001, 4003, 4005, 4007]),
        (COPIES, "g(x, shared, i)", [3, 4, 5, 6]),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_the_version_of_the_address_space_runs(functions, call, expected, check):
    text = TEXT.replace("FUNCTIONS", functions).replace("CALL", call)
    assert not lint(text).problems
    x = np.arange(4, dtype=np.float32)
    buffers = {"x": x, "c": x + 10, "o": Output(4, "float32")}
    done = emulate(text, 4, 4, buffers, check=check)
    assert not done.reports and np.array(done.outputs["o"]).tolist() == expected


def test_lines_of_reports_stay_where_they_were():
    text = TEXT.replace("FUNCTIONS", POINTERS.replace("1000 + p[i]", "p[i + 1]")).replace("CALL", "f(x, i)")
    x = np.arange(4, dtype=np.float32)
    (report,) = emulate(text, 4, 4, {"x": x, "c": x, "o": Output(4, "float32")}).reports
    assert (report.kind, report.line, report.buffer) == ("out_of_bounds", 5, "x")


CONST = """#include <metal_stdlib>
using namespace metal;
float f(device const float* p) { return p[0]; }
float f(threadgroup float* p) { return 10 * p[0]; }
float f(constant float* p) { return 100 * p[0]; }
kernel void k(device float* o [[buffer(0)]], constant float* c [[buffer(1)]]) {
  threadgroup float s[1];
  s[0] = 2;
  o[0] = 1;
  o[0] = f(o) + f(s) + f(c);
}
"""


def test_const_beside_an_address_space_decides_nothing():
    run = emulate(CONST, 1, 1, {"o": Output(1, "float32"), "c": np.full(8, 3, np.float32)})
    assert np.array(run.outputs["o"]).tolist() == [1 + 20 + 300] and not run.reports
