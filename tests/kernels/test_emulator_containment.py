"""Guards containment: a kernel that crashes, hangs or cannot run is a KvistError, and Python lives on."""

import shutil
import sys

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.metal import Kernel, Output, emulate

pytestmark = pytest.mark.usefixtures("emulator")


def refusal(body: str, threads: int = 4, **options) -> str:
    """The message of the error that a kernel with this body gives; its first line is line 2 of the file."""
    source = (
        "[[kernel]] void k(device const float* x, device float* out, constant int& n, "
        f"uint i [[thread_position_in_grid]]) {{\n{body}\n}}\n"
    )
    buffers = {"x": np.ones(8, np.float32), "out": Output((8,), mx.float32), "n": 0}
    with pytest.raises(KvistError) as caught:
        emulate(source, (threads, 1, 1), (threads, 1, 1), buffers, check=False, **options)
    return str(caught.value)


FAULTS = {
    "read past the end": ("  out[i] = x[i + 8 * 1024];", "need no out of bounds, got read of x["),
    "write past the end": ("  float v = 1;\n  out[8 + i] = v;", "need no out of bounds, got write of out["),
    "write before the start": ("  out[int(i) - 2000] = 1;", "need no out of bounds, got write of out["),
    "write to an input": (
        "  const_cast<device float*>(x)[i] = 1;",
        "input x[0] is written by thread (0, 0, 0)",
    ),
    "null pointer": (
        "  device float* p = nullptr;\n  p[i] = 1;",
        "got write through a pointer to nowhere in thread (0, 0, 0)",
    ),
    "wild pointer": ("  out[ulong(i + 1) << 40] = 1;", "need no wild pointer"),
    "division by zero": ("  out[i] = 7 / n;", "got integer division by zero"),
    "too much private memory": (
        "  volatile float big[100000];\n  big[i] = 1;\n  out[i] = big[i];",
        "private variables in thread",
    ),
    "too much threadgroup memory": (
        "  threadgroup float tile[9000];\n  tile[i] = 1;\n  out[i] = tile[i];",
        "got 36000 bytes of threadgroup memory with `tile`",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_an_error_that_says_where(name):
    body, message = FAULTS[name]
    text = refusal(body)
    assert message in text
    assert text.startswith("[kernel.metal")


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("addr2line"), reason="needs Linux and addr2line"
)
def test_a_crash_names_its_line():
    """Through addr2line of binutils, which comes with g++; without it the kernel is named alone."""
    assert refusal("  float v = 1;\n  v *= x[i];\n  out[8 + i] = v;").startswith("[kernel.metal:4] ")
    helper = "}\nvoid k2(device float* out) {\n"  # never called: only shifts the lines
    assert refusal(f"  out[8 + i] = x[i];\n{helper}").startswith("[kernel.metal:2] ")


@pytest.mark.timeout(120)  # without its own limit it would never end
def test_an_endless_loop_ends_at_the_time_limit():
    text = refusal("  volatile float v = 0;\n  while (v == 0) { }\n  out[i] = v;", time_limit=0.3)
    assert "need no time limit, got thread (0, 0, 0) was still running after 0.3 s" in text


def test_the_next_call_works_after_a_fault():
    refusal("  out[8 + i] = 1;")
    source = "[[kernel]] void one(device float* out, uint i [[thread_position_in_grid]]) { out[i] = 1; }\n"
    assert emulate(source, (4, 1, 1), (4, 1, 1), {"out": Output((4,), mx.float32)}).outputs["out"].sum() == 4


def test_a_compile_error_names_the_line_of_the_metal_file():
    text = refusal("  float v = 1;\n  out[i] = simd_summ(v);")
    assert text.startswith("[kernel.metal:3] need Metal source that compiles, got the error: ")
    assert "simd_summ" in text


def test_the_source_of_a_kernel_for_mlx_must_be_ascii():
    with pytest.raises(KvistError, match=r"\[kernel.metal:1\] need ASCII, got 'é'"):
        Kernel("// r\u00e9sum\u00e9\n")


KERNEL = (
    "[[kernel]] void k(device const float* x, device float* out, constant float& s) { out[0] = x[0] * s; }\n"
)
GOOD = {"x": np.ones(4, np.float32), "out": Output((4,), mx.float32), "s": 2.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"buffers": {"x": GOOD["x"]}}, "need buffers x, out, s, got x"),
        (
            {"buffers": GOOD | {"x": np.ones(4, np.int32)}},
            "need `x` of float, as the kernel declares",
        ),
        ({"buffers": GOOD | {"x": Output((4,), mx.float32)}}, "need values for `x`, got an Output"),
        ({"grid": (4, 1, 1, 1)}, "need grid of one to three whole numbers"),
        ({"threadgroup": (0, 1, 1)}, "need threadgroup of one to three whole numbers from 1"),
        (
            {"grid": (2048, 1, 1), "threadgroup": (2048, 1, 1)},
            "need at most 1024 threads in a threadgroup, got 2048",
        ),
        (
            {"grid": 100, "threadgroup": (2000, 1, 1)},
            "need at most 1024 threads in a threadgroup, got 2000",
        ),
        ({"grid": 1.5}, "need grid of one to three whole numbers from 0, got 1.5"),
        ({"buffers": GOOD | {"s": None}}, "k: s] need an mx.array, a NumPy array or a number, got NoneType"),
        ({"buffers": GOOD | {"out": None}}, "k: out] need an mx.array"),
        ({"buffers": list(GOOD)}, "need buffers by name, got list"),
        ({"seed": "x"}, "need a whole number of at most 64 bits as seed, got 'x'"),
        ({"time_limit": 0}, "need time_limit in seconds, more than 0"),
        ({"time_limit": float("nan")}, "need time_limit in seconds, more than 0"),
        ({"order": "sideways"}, "need order forward, reverse, random, got 'sideways'"),
        ({"name": "other"}, "need a kernel 'other', got a file with k"),
        ({"template": {"T": mx.float16}}, "need template parameters none, got T"),
        ({"kernel": "missing.metal"}, "need a .metal file, got 'missing.metal', which does not exist"),
        ({"kernel": "float f();\n"}, "need a function marked [[kernel]], got none"),
    ],
)
def test_bad_calls_are_refused(options, message):
    call = {"kernel": KERNEL, "grid": (1, 1, 1), "threadgroup": (1, 1, 1), "buffers": GOOD} | options
    with pytest.raises(KvistError) as caught:
        emulate(**call)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((10**13,), mx.float32), "need at most"),
        (((1 << 20, 1 << 24), "half"), "need at most"),
        (((1 << 31, 0), mx.float32), "lengths below 2"),
        (((-1,), mx.float32), "need a shape of whole numbers from 0, got (-1,)"),
        ((None, mx.float32), "need a shape of whole numbers from 0, got None"),
        (((4,), "floaty"), "need a dtype that Metal has, got 'floaty'"),
        (((4,), None), "need a dtype that Metal has, got None"),
        (((4,), mx.complex64), "need a dtype that Metal has"),
    ],
)
def test_bad_outputs_are_refused(arguments, message):
    with pytest.raises(KvistError) as caught:
        Output(*arguments)
    assert message in str(caught.value)


def test_one_number_is_a_length_and_a_dtype_may_be_a_name():
    assert Output(4, "half") == Output((4,), mx.float16)
    done = emulate(KERNEL, 1, 1, GOOD | {"out": Output([1], "float32")})
    np.testing.assert_array_equal(done.outputs["out"], [2])


def test_without_a_compiler_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(
        KvistError, match=r"need a C\+\+ compiler to emulate kernels, got none. hint: .*apt-get install g\+\+"
    ):
        emulate(KERNEL, (1, 1, 1), (1, 1, 1), GOOD)
    monkeypatch.setenv("CXX", "no-such-compiler -O2")
    with pytest.raises(KvistError, match="got CXX=no-such-compiler -O2, which is not there"):
        emulate(KERNEL, (1, 1, 1), (1, 1, 1), GOOD)


CHECKED = {
    "recursion": ("int deep(int n) { return n > 1 << 30 ? 0 : deep(n + 1) * 3 + n; }", "out[i] = deep(n);"),
    "endless": ("", "while (n == 0) { }\n  out[i] = 1;"),
    "trap": ("", "__builtin_trap();"),
    "nowhere": ("", "device float* p = nullptr;\n  out[i] = p[i];"),
    "memory": ("", "threadgroup float huge[8000000];\n  huge[i] = 1;\n  out[i] = huge[i];"),
}
KINDS_OF = {
    "recursion": "stack_overflow",
    "endless": "time_limit",
    "trap": "illegal_instruction",
    "nowhere": "wild_pointer",
    "memory": "threadgroup_memory",
}


@pytest.mark.parametrize(
    "name", [n if n == "nowhere" else pytest.param(n, marks=pytest.mark.slow) for n in CHECKED]
)
def test_a_crash_is_a_report_of_a_checked_run(name):
    helper, body = CHECKED[name]
    source = f"""{helper}
[[kernel]] void k(device float* out, constant int& n, uint i [[thread_position_in_grid]]) {{
  {body}
}}
"""
    buffers = {"out": Output((4,), mx.float32), "n": 0}
    done = emulate(source, (4, 1, 1), (4, 1, 1), buffers, time_limit=0.5)
    assert not done.finished
    assert done.reports[-1].kind == KINDS_OF[name]
    assert done.outputs["out"].shape == (4,)


def test_an_index_that_wraps_is_laid_to_the_right_buffer():
    source = """
[[kernel]] void k(device const float4* x, device float4* out, device float4* other,
                  uint i [[thread_position_in_grid]]) {
  out[i] = x[i - 1] + other[int(i) - 100000000];
  other[0] = 1;
}
"""
    x = np.ones((1, 4), np.float32)
    buffers = {"x": x, "out": Output((1, 4), mx.float32), "other": x}
    done = emulate(source, (1, 1, 1), (1, 1, 1), buffers)
    assert done.finished
    found = {(r.kind, r.buffer, r.index) for r in done.reports}
    assert found == {("out_of_bounds", "x", 2**32 - 1), ("out_of_bounds", "other", -100000000)}
