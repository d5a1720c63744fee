"""Guards what is seen of a thread's own variables and places: indices outside, values never given, calls."""

import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.metal import Output, emulate
from kvist.metal.rewrite import rewrite

pytestmark = pytest.mark.usefixtures("emulator")

TEXT = """#include <metal_stdlib>
using namespace metal;
constant float table[3] = {1, 2, 3};
struct Pair { float first[2]; float last; };
kernel void k(device const float* x, device float* o, constant int& n, uint i [[thread_position_in_grid]]) {
  float own[4];
  threadgroup float shared[8][4];
  for (int j = 0; j < 4; ++j) {
    own[j] = x[i];
    shared[i][j] = j;
  }
  float4 v = 1;
  float4x4 m = float4x4(2);
  array<float, 4> a = {1, 2, 3, 4};
  Pair pair = {{1, 2}, 3};
  thread float* pointer = own;
  o[i] = EXPRESSION;
}
"""
GOOD = [
    "own[n]",
    "table[n - 1]",
    "shared[i][n]",
    "v[n]",
    "m[n][n]",
    "a[n]",
    "pair.first[n - 2]",
    "pointer[n]",
]


def run(expression: str, n: int, text: str = TEXT, **options):
    buffers = {"x": np.ones(8, np.float32), "o": Output(8, "float32"), "n": np.int32(n)}
    return emulate(text.replace("EXPRESSION", expression), 8, 8, buffers, **options)


EVERY = " + ".join(GOOD)


def test_indices_inside_are_fine_and_so_is_the_size_of_a_threadgroup_array():
    expected = 1 + 3 + 3 + 1 + 2 + 4 + 2 + 1
    for order in ("forward", "reverse", "random"):
        done = run(EVERY, 3, order=order)
        assert not done.reports and np.array(done.outputs["o"]).tolist() == [expected] * 8
    done = run("sizeof(shared) + own[n]", 3)  # compiles without the checks of arrays alone
    assert not done.reports and np.array(done.outputs["o"]).tolist() == [129] * 8


@pytest.mark.parametrize(
    "expression", ["own[n]", "table[n - 1]", "shared[i][n]", "v[n]", "pair.first[n - 2]"]
)
def test_an_index_outside_is_reported_and_ends_the_run(expression):
    done = run(expression, 4)
    (report,) = done.reports
    wanted = 4 + {"table[n - 1]": -1, "pair.first[n - 2]": -2}.get(expression, 0)
    assert (report.kind, report.line, report.index, report.buffer) == ("out_of_bounds", 17, wanted, None)
    assert report.thread == (0, 0, 0) and not done.finished
    assert f"takes element {wanted} of " in report.message


def test_a_negative_index_is_shown_as_one():
    (report,) = run("own[n]", -2).reports
    assert report.index == -2


def test_a_variable_without_a_value_holds_nothing_likely():
    text = TEXT.replace("own[j] = x[i];", "if (j < n) own[j] = x[i];")
    values = np.array(run("own[0] + own[3]", 3, text).outputs["o"])
    assert not np.any(np.abs(values) < 1e30)


def test_a_text_that_does_not_compile_is_refused_once_with_its_line():
    with pytest.raises(KvistError) as caught:
        run("own[n", 3)
    assert caught.value.where == "kernel.metal:17"


HELPER = """#include <metal_stdlib>
using namespace metal;
namespace helpers {
template <typename T>
T summed(T v, threadgroup T* t, uint i) {
  t[i] = v;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  T s = t[0] + t[63 - i];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  return s;
}
}
float twice(float v, threadgroup float* t, uint i) { return 2 * helpers::summed<float>(v, t, i); }
kernel void k(device float* o, constant uint& n, uint i [[thread_index_in_threadgroup]]) {
  threadgroup float t[64];
  float s = 0;
  BODY
  o[i] = s;
}
"""


@pytest.mark.parametrize(
    ("body", "diverges"),
    [
        ("s = twice(i, t, i) + twice(1, t, i);", False),
        ("for (uint j = 0; j < 2; ++j) s += helpers::summed(float(i), t, i);", False),
        ("if (n > 1) s = twice(i, t, i); else s = twice(1, t, i);", False),
        ("if (i < 32) s = twice(i, t, i); else s = twice(1, t, i);", True),
        ("s = i < 32 ? twice(i, t, i) : twice(1, t, i);", True),
        ("if (i < 32) { s = helpers::summed(1.0f, t, i); } else { s = helpers::summed(2.0f, t, i); }", True),
    ],
)
@pytest.mark.parametrize("order", ["forward", "reverse"])
def test_a_helper_with_a_barrier_is_one_place_for_each_of_its_calls(body, diverges, order):
    done = emulate(HELPER.replace("BODY", body), 64, (64,), {"o": Output(64, "float32"), "n": 2}, order=order)
    assert [r.kind for r in done.reports] == ["divergent_barrier"] * diverges
    if diverges:
        assert "through another call" in done.reports[0].message and done.reports[0].line == 7


def test_lanes_that_come_through_different_calls_do_not_meet():
    text = """#include <metal_stdlib>
using namespace metal;
float total(float v) { return simd_sum(v); }
kernel void k(device float* o, uint i [[thread_index_in_simdgroup]]) {
  if (i < 16) o[i] = total(1); else o[i] = total(2);
}
"""
    done = emulate(text, 32, 32, {"o": Output(32, "float32")})
    assert {r.kind for r in done.reports} == {"divergent_simd"}
    assert np.array(done.outputs["o"]).tolist() == [16.0] * 16 + [32.0] * 16


def test_only_calls_of_what_waits_are_marked():
    text = "float f(float x) { return x; }\nfloat g(float x) { return simd_sum(f(x)); }\n"
    text += "void h() { s.g(1); g(2); }\n"
    assert rewrite(text, "k.metal").count("Call(") == 1


def test_textures_are_refused_in_plain_words():
    text = (
        "\nkernel void k(texture2d<float> in [[texture(0)]], device float* o [[buffer(0)]]) { o[0] = 1; }\n"
    )
    for buffers in ({"o": Output(1, "float32")}, {"o": Output(1, "float32"), "in": np.ones(4, np.float32)}):
        with pytest.raises(KvistError, match="textures are not emulated"):
            emulate(text, 1, 1, buffers)
