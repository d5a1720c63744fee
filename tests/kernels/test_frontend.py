"""Guards reading Metal source (kernels, parameters, templates, bodies) and rewriting it to C++."""

import re

import pytest

from kvist.errors import KvistError
from kvist.metal.frontend import parse
from kvist.metal.rewrite import rewrite
from kvist.metal.tokens import tokenize

SOURCE = """#include <metal_stdlib>
using namespace metal;
// kernel void not_this_one() {}
constant constexpr uint TILE = 32;
#define SPACE device
inline float helper(device const float* p, threadgroup float* q) { return p[0] + q[0]; }

template <typename T, int N = 4, bool FLAG = (1 > 0)>
[[kernel]] void first(
    device const T* x [[buffer(1)]],
    const device metal::vec<float, 4>* v [[buffer(0)]],
    constant float& eps [[buffer(3)]],
    device atomic<int>* out [[buffer(2)]],
    ushort2 at [[thread_position_in_threadgroup]]) {
  if (x[v[0].x > 0 ? 1 : 0] > 0) { }
}

kernel void second(device float* y, constant uint2* sizes, uint i [[thread_index_in_simdgroup]]) { y[i] = 1; }

template [[host_name("first_half")]] [[kernel]] decltype(first<half, 2, true>) first<half, 2, true>;
"""


def test_kernels_and_parameters():
    module = parse(SOURCE)
    first, second = module.kernels
    assert (first.name, second.name) == ("first", "second")
    assert first.template == (("typename", "T"), ("int", "N"), ("bool", "FLAG"))
    assert [p.name for p in first.buffers] == ["v", "x", "out", "eps"]
    types = {p.name: (p.type_name, p.space, p.is_const, p.is_pointer) for p in first.parameters}
    assert types["x"] == ("T", "device", True, True)
    assert types["v"] == ("metal::vec<float,4>", "device", True, True)
    assert types["eps"] == ("float", "constant", True, False)
    assert types["out"] == ("atomic<int>", "device", False, True)
    assert first.parameters[-1].attribute == "thread_position_in_threadgroup"
    assert [(p.name, p.index) for p in second.buffers] == [("y", 0), ("sizes", 1)]  # numbered in order
    assert SOURCE[slice(*second.body)] == " y[i] = 1; "
    assert SOURCE[first.start :].startswith("template <typename T, int N")


def test_instantiations():
    (instance,) = parse(SOURCE).instantiations
    assert (instance.host_name, instance.kernel, instance.instance) == (
        "first_half",
        "first",
        "first<half, 2, true>",
    )


def test_helpers_of_a_kernel_leave_the_others_out():
    module = parse(SOURCE)
    helpers = module.helpers_of(module.kernels[1])
    assert "first" not in helpers
    assert "float helper" in helpers
    assert helpers.count("\n") == SOURCE[: module.kernels[1].start].count("\n")


def test_rewriting_keeps_every_line():
    cpp = rewrite(SOURCE, "a.metal")
    assert cpp.count("\n") == SOURCE.count("\n")
    lines = cpp.splitlines()
    assert "device" not in lines[5] and "threadgroup" not in lines[5]
    assert lines[3].split() == ["constexpr", "uint", "TILE", "=", "32;"]
    assert "[[" not in lines[9] and "const T* x" in lines[9]
    assert "const    float& eps" in lines[11]
    assert lines[4].split() == ["#define", "SPACE"]


VARIABLE = "::kvist_emulator::threadgroup_variable"


@pytest.mark.parametrize(
    ("declaration", "cpp"),
    [
        ("threadgroup float a[32];", f'auto& a = {VARIABLE}<float[32]>(32, "a");'),
        (
            "threadgroup T a[M * N][4], b;",
            f'auto& a = {VARIABLE}<T[M * N][4]>(32, "a"); auto& b = {VARIABLE}<T>(33, "b");',
        ),
        ("threadgroup vec<half, 4> a[2];", f'auto& a = {VARIABLE}<vec<half, 4>[2]>(32, "a");'),
        ("threadgroup float a[N] = {0.0f, 0};", f'auto& a = {VARIABLE}<float[N]>(32, "a");'),
        (
            "threadgroup int a[2]{}, b;",
            f'auto& a = {VARIABLE}<int[2]>(32, "a"); auto& b = {VARIABLE}<int>(33',
        ),
        ("threadgroup float* p = a + 1;", "float* p = a + 1;"),
        ("threadgroup float& r = a[0];", "float& r = a[0];"),
        ('\n#line 7 "x.metal"\nthreadgroup int a;', f'auto& a = {VARIABLE}<int>(32, "a");'),
    ],
)
def test_threadgroup_variables(declaration, cpp):
    got = rewrite(f"void f() {{ {declaration} }}", "a.metal")
    assert cpp in re.sub(r" +;", ";", got)


def test_a_threadgroup_variable_that_cannot_be_read_is_an_error_not_a_private_array():
    with pytest.raises(KvistError, match=r"\[a.metal:2\] need a threadgroup variable declared in a"):
        rewrite("void f() {\n if (true) threadgroup float a[2]; }", "a.metal")
    with pytest.raises(KvistError, match="without an initial value"):
        rewrite("void f() { threadgroup float a[2] = {1, 2}; }", "a.metal")


def test_literals_become_floats():
    metal = "1.0 2. .5 1e3 1e-3f 0x1p4 2.0h 7 0xFE 3u x.y 1.5F"
    assert rewrite(metal, "a") == "1.0f 2.f .5f 1e3f 1e-3f 0x1p4f 2.0h 7 0xFE 3u x.y 1.5F"


def test_strings_and_comments_stay():
    text = '/* device 1.0 */ "device 1.0" // constant'
    assert rewrite(text, "a") == text
    assert "".join(token.text for token in tokenize(SOURCE)) == SOURCE


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("kernel void k(device float* x) {\n", "need a bracket that closes '{'"),
        ("kernel void k(float x) { }", "need an [[attribute]] of parameter x"),
        ("kernel void k;", "need `(` after the kernel's name"),
        ("kernel void k(device float* x) = 0;", "need a body of kernel k"),
    ],
)
def test_source_that_cannot_be_read_is_refused(source, message):
    with pytest.raises(KvistError) as caught:
        parse(source)
    assert message in str(caught.value)
