"""Guards `kvist metal run` and `kvist metal explain`: values, JSON, exit codes, messages."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from kvist.cli import main
from kvist.metal.layouts import struct_layout

pytestmark = pytest.mark.usefixtures("emulator")

SOURCE = """#include <metal_stdlib>
#include "scale.h"
using namespace metal;

kernel void add(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]],
                device float* out [[buffer(2)]], constant uint& n [[buffer(3)]],
                uint i [[thread_position_in_grid]]) {
  if (i < n) out[i] = SCALE * (a[i] + b[i]);
}

template <typename T>
[[kernel]] void accumulate(device const T* x, device T* sum, constant uint2& steps,
                           threadgroup T* tile [[threadgroup(0)]], uint i [[thread_position_in_grid]]) {
  tile[i] = x[i];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (uint k = steps.x; k < steps.y; ++k) sum[i] += tile[i];
}
template [[host_name("accumulate_half")]] [[kernel]] decltype(accumulate<half>) accumulate<half>;
template [[host_name("accumulate_bfloat")]] [[kernel]] decltype(accumulate<bfloat>) accumulate<bfloat>;
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("k.metal").write_text(SOURCE)
    Path("scale.h").write_text("#pragma once\n#define SCALE 2.0f\n")
    np.save("a.npy", np.arange(100, dtype=np.float32))
    np.save("b.npy", np.ones(100, np.float32))
    np.save("o.npy", np.array([None]))
    np.save("h.npy", np.arange(64).astype(np.float16))
    bits = (np.arange(64, dtype=np.float32).view(np.uint32) >> 16).astype(np.uint16)
    np.save("bf.npy", bits)
    return tmp_path


ADD = ["metal", "run", "k.metal", "--kernel", "add", "--threadgroup", "32,1,1"]
ADD += ["--buffer", "a=a.npy", "--buffer", "b=b.npy", "--out", "out=float32:100"]


def test_a_clean_run(folder, capsys):
    assert main([*ADD, "--grid", "100,1,1", "--buffer", "n=100", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["reports"] == []
    assert done["kernel"] == "add"
    assert done["grid"] == [100, 1, 1]
    assert done["outputs"] == {"out": {"dtype": "float32", "shape": [100], "path": "out.npy"}}
    assert done["counters"]["read_bytes"] == {"a": 400, "b": 400, "out": 0, "n": 400}
    assert done["counters"]["written_bytes"]["out"] == 400
    assert done["seconds"] > 0
    np.testing.assert_array_equal(np.load("out.npy"), 2 * np.arange(100) + 2)


def test_reports_are_printed_and_counted_by_the_exit_code(folder, capsys):
    assert main([*ADD, "--grid", "128", "--buffer", "n=101", "--save", "results"]) == 1
    text = capsys.readouterr().out
    assert "k.metal:8: out_of_bounds: read of a[100] by thread (100, 0, 0); it has 100 elements" in text
    assert "out: float32 100 -> results/out.npy" in text
    assert main([*ADD, "--grid", "128", "--buffer", "n=101", "--json", "--allow", "out_of_bounds"]) == 0
    assert (
        main([*ADD, "--grid", "64", "--buffer", "n=100", "--json", "--order", "random", "--seed", "3"]) == 1
    )
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    (report,) = done["reports"]
    assert (report["kind"], report["buffer"], report["index"]) == ("unwritten_output", "out", 64)
    assert report["line"] == 6
    assert report["hint"]
    assert (done["order"], done["seed"]) == ("random", 3)


def test_in_place_buffers_scalars_and_bfloat16(folder, capsys):
    common = ["metal", "run", "k.metal", "--grid", "64x1x1", "--threadgroup", "64", "--buffer", "steps=0,2"]
    common += ["--threadgroup-memory", "tile=128"]
    half = ["--kernel", "accumulate_half", "--buffer", "x=h.npy", "--buffer", "sum=h.npy"]
    assert main([*common, *half, "--out", "sum=float16:64"]) == 0
    np.testing.assert_array_equal(np.load("sum.npy"), 3 * np.arange(64))
    bfloat = ["--kernel", "accumulate<bfloat>", "--buffer", "x=bf.npy", "--out", "sum=bfloat16:64:0"]
    assert main([*common, *bfloat, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["outputs"]["sum"]["dtype"] == "bfloat16"
    bits = np.load("sum.npy")
    assert bits.dtype == np.uint16
    np.testing.assert_array_equal((bits.astype(np.uint32) << 16).view(np.float32), 2 * np.arange(64))
    # Without --out it is an input.
    assert main([*common, *half]) == 1
    assert "k.metal:16: write_to_input: input sum[0] is written" in capsys.readouterr().out
    # The file of an input is never written over.
    shutil.copy("h.npy", "sum.npy")
    in_place = ["--kernel", "accumulate_half", "--buffer", "x=h.npy", "--buffer", "sum=sum.npy"]
    assert main([*common, *in_place, "--out", "sum=float16:64"]) == 0
    np.testing.assert_array_equal(np.load("sum.npy"), np.arange(64))
    np.testing.assert_array_equal(np.load("sum.out.npy"), 3 * np.arange(64))


@pytest.mark.slow
def test_unchecked_runs_say_only_what_stops_them(folder, capsys):
    assert main([*ADD, "--grid", "64", "--buffer", "n=100", "--no-check", "--json"]) == 0
    Path("k.metal").write_text(SOURCE.replace("out[i] =", "out[i + 100000] ="))
    assert main([*ADD, "--grid", "64", "--buffer", "n=100", "--no-check", "--json"]) == 1
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert done["finished"] is False
    assert [r["kind"] for r in done["reports"]] == ["out_of_bounds"]


WRONG = {
    "no such file": (["metal", "run", "x.metal", "--grid", "1", "--threadgroup", "1"], "does not exist"),
    "no such kernel": ([*ADD, "--grid", "1", "--kernel", "sub"], "need a kernel 'sub'"),
    "missing buffer": ([*ADD, "--grid", "100"], "missing: n"),
    "no such buffer": ([*ADD, "--grid", "100", "--buffer", "m=1"], "need buffers a, b, out, n"),
    "not a size": (
        [*ADD, "--grid", "100,a", "--buffer", "n=1"],
        "[--grid] need one to three whole numbers X,Y,Z",
    ),
    "not a number": (
        [*ADD, "--grid", "1", "--buffer", "n=many"],
        "[--buffer n] need a .npy file or a number",
    ),
    "too large": ([*ADD, "--grid", "1", "--buffer", "n=-1"], "need numbers that uint holds, got -1"),
    "not a dtype": ([*ADD, "--grid", "1", "--out", "c=f:1"], "[--out] need a dtype of bfloat"),
    "no array": ([*ADD, "--grid", "1", "--buffer", "n=c.npy"], "'c.npy', which does not exist"),
    "wrong dtype": (
        [*ADD[:-2], "--out", "out=float16:100", "--grid", "1", "--buffer", "n=1"],
        "need `out` of float",
    ),
    "a folder": (["metal", "run", ".", "--grid", "1", "--threadgroup", "1"], "'.', which is a folder"),
    "no text": (["metal", "run", "a.npy", "--grid", "1", "--threadgroup", "1"], "which is not UTF-8 text"),
    "no threads": ([*ADD, "--grid", "0", "--buffer", "n=1"], "[--grid] need one to three whole numbers"),
    "an empty length": ([*ADD, "--grid", "100,", "--buffer", "n=1"], "numbers X,Y,Z from 1, got '100,'"),
    "a letter": ([*ADD, "--grid", "100,x", "--buffer", "n=1"], "numbers X,Y,Z from 1, got '100,x'"),
    "a wide threadgroup": (
        [*ADD, "--grid", "100", "--threadgroup", "2000", "--buffer", "n=1"],
        "need at most 1024 threads in a threadgroup, got 2000",
    ),
    "no .npy": ([*ADD, "--grid", "1", "--buffer", "n=k.metal"], "need a .npy file, got 'k.metal', which is"),
    "objects": ([*ADD, "--grid", "1", "--buffer", "n=o.npy"], "numbers in o.npy, got Python objects"),
    "more than memory": (
        [*ADD[:-2], "--grid", "1", "--buffer", "n=1", "--out", "out=float32:99999999999999"],
        "[--out out] need at most",
    ),
    "time limit": (
        [*ADD, "--grid", "1", "--buffer", "n=1", "--time-limit", "0"],
        "[--time-limit] need seconds",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls_are_one_line_and_exit_2(name, folder, capsys):
    arguments, message = WRONG[name]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


CONSTANTS = """constant int mode [[function_constant(0)]];
constant bool twice [[function_constant(1)]];
constant float by [[function_constant(2)]];
constant ulong big [[function_constant(3)]];
kernel void k(device float* out, uint i [[thread_position_in_grid]]) {
  out[i] = i == 0 ? mode : i == 1 ? twice : i == 2 ? by : big == 18446744073709551615ul;
}
"""
CALL = ["metal", "run", "c.metal", "--grid", "4", "--threadgroup", "4", "--out", "out=float32:4"]


@pytest.mark.parametrize(
    ("given", "need"),
    [
        ("mode=4.7", "a whole number from -2147483648 to 2147483647 for function constant mode"),
        ("mode=99999999999", "a whole number from -2147483648 to 2147483647 for function constant mode"),
        ("twice=yes", "true or false for function constant twice"),
        ("by=much", "a number for function constant by"),
        ("big=-1", "a whole number from 0 to 18446744073709551615"),
    ],
)
def test_a_function_constant_holds_what_its_type_holds(given, need, folder, capsys):
    Path("c.metal").write_text(CONSTANTS)
    name, value = given.split("=")
    good = {"mode": "-3", "twice": "True", "by": "-inf", "big": "18446744073709551615"} | {name: value}
    given = [text for pair in good.items() for text in ("--constant", "=".join(pair))]
    assert main([*CALL, *given]) == 2
    assert f"[c.metal k] need {need}" in capsys.readouterr().err


def test_function_constants_of_each_type(folder):
    Path("c.metal").write_text(CONSTANTS)
    given = ["mode=-0x10", "1=1", "by=2.5f", "big=18446744073709551615"]
    assert main([*CALL, *(text for pair in given for text in ("--constant", pair))]) == 0
    np.testing.assert_array_equal(np.load("out.npy"), [-16, 1, 2.5, 1])


def test_hints_name_the_options_of_the_command_line(folder, capsys):
    Path("c.metal").write_text(CONSTANTS)
    assert main(CALL) == 2
    assert "hint: --constant NAME=VALUE" in capsys.readouterr().err
    assert main(["metal", "run", "k.metal", "--grid", "1", "--threadgroup", "1"]) == 2
    assert "hint: pass --kernel NAME" in capsys.readouterr().err
    assert main([*ADD, "--grid", "1"]) == 2
    assert "missing: n; --buffer NAME=VALUE" in capsys.readouterr().err
    assert main(["metal", "run", "none.metal", "--grid", "1", "--threadgroup", "1"]) == 2
    assert "hint" not in capsys.readouterr().err


def test_notes_say_what_was_assumed_and_what_had_no_effect(folder, capsys):
    call = ["metal", "run", "k.metal", "--kernel", "accumulate_half", "--grid", "1", "--threadgroup", "1"]
    call += ["--buffer", "x=h.npy", "--buffer", "steps=0,2", "--out", "sum=half:1:0"]
    assert main([*call, "--seed", "3"]) == 0
    text = capsys.readouterr().out
    assert "note: `tile` has 32768 bytes, as --threadgroup-memory does not say" in text
    assert "note: --seed has no effect without --order random" in text
    assert "1 thread in 1 threadgroup: 1 barrier, 0 SIMD-group functions" in text
    assert main([*call, "--seed", "3", "--order", "random", "--threadgroup-memory", "tile=16"]) == 0
    assert "note" not in capsys.readouterr().out


def test_a_run_that_did_not_finish_says_so(folder, capsys):
    Path("u.metal").write_text(
        "kernel void k(device float* y, uint i [[thread_position_in_grid]]) {\n  y[i] = 1;\n"
        "  if (i < 2) threadgroup_barrier(mem_flags::mem_device);\n}\n"
    )
    call = ["metal", "run", "u.metal", "--grid", "4", "--threadgroup", "4", "--out", "y=float32:4"]
    for options in ([], ["--allow", "divergent_barrier"]):
        assert main([*call, *options]) == 1
        text = capsys.readouterr().out
        assert "y: float32 4 -> y.npy (unfinished)" in text
        assert "the run did not finish" in text
        assert "0 threads" not in text
        assert "nothing wrong" not in text


STRUCT = """
struct Inner { half a; packed_float3 b; };
typedef struct { uint n; float3 at; bool on; Inner in[2]; float2x3 m; ulong last, more[2][3]; } Params;
kernel void k(constant Params& p, device const Inner* q, device uint* out) {
  out[0] = sizeof(Params) + q[0].a;
  out[1] = (constant char*)&p.at - (constant char*)&p;
  out[2] = (constant char*)&p.in - (constant char*)&p;
  out[3] = (constant char*)&p.m - (constant char*)&p;
  out[4] = (constant char*)&p.more - (constant char*)&p;
  out[5] = sizeof(Inner);
}
"""


def test_the_size_of_a_struct_is_told_before_the_run(folder, capsys):
    layout = struct_layout(STRUCT, "Params")
    assert layout is not None
    Path("s.metal").write_text(STRUCT)
    call = ["metal", "run", "s.metal", "--grid", "1", "--threadgroup", "1", "--out", "out=uint:6"]

    def run(params: int, inner: int) -> int:
        np.save("p.npy", np.zeros(params, np.uint8))
        np.save("q.npy", np.zeros(inner, np.uint8))
        return main([*call, "--buffer", "p=p.npy", "--buffer", "q=q.npy"])

    assert run(layout.size, 32) == 0
    at = dict(layout.offsets)
    expected = [layout.size, at["at"], at["in"], at["m"], at["more"], 16]
    np.testing.assert_array_equal(np.load("out.npy"), expected)
    assert "note" not in capsys.readouterr().out
    assert run(layout.size + 1, 16) == 0
    assert f"note: {layout.size + 1} bytes given for `p`, Params has {layout.size}" in capsys.readouterr().out
    assert run(layout.size - 1, 16) == 2
    error = capsys.readouterr().err
    assert f"need {layout.size} bytes that Params has for `p`, got {layout.size - 1} bytes" in error
    assert "fields begin at n 0, at 16, on 32" in error
    assert run(layout.size, 24) == 2
    assert "need a multiple of the 16 bytes that Inner has for `q`, got 24 bytes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "struct P { float* x; };",
        "struct P { int f() { return 1; } };",
        "struct P : Q { int a; };",
        "template <typename T> struct P { T a; };",
        "struct alignas(16) P { int a; };",
        "struct P { int a : 3; };",
        "struct P { T a; };",
        "struct P { P a; };",
        "struct P { int a[N]; };",
        "struct P {};",
        "struct P { alignas(8) int a; };",
        "struct P { union { int a; }; };",
        "#pragma pack(1)\nstruct P { char a; int b; };",
    ],
)
def test_nothing_is_said_of_a_struct_with_more_than_plain_fields(text):
    assert struct_layout(text, "P") is None


def test_compile_errors_name_file_and_line(folder, capsys):
    Path("k.metal").write_text(SOURCE.replace("a[i] + b[i]", "a[i] + c[i]"))
    assert main([*ADD, "--grid", "1", "--buffer", "n=1"]) == 2
    assert "[k.metal:8] need Metal source that compiles" in capsys.readouterr().err
    Path("scale.h").write_text("#pragma once\n#define SCALE 2.0f\nfloat f() { return x; }\n")
    assert main([*ADD, "--grid", "1", "--buffer", "n=1"]) == 2
    assert "[scale.h:3] need Metal source that compiles" in capsys.readouterr().err
    Path("scale.h").unlink()
    assert main([*ADD, "--grid", "1", "--buffer", "n=1"]) == 2
    assert "[k.metal:2] need the header scale.h, got no such file. hint: -I FOLDER" in capsys.readouterr().err


def test_explain(folder, capsys):
    assert main(["metal", "explain", "k.metal", "--json"]) == 0
    add, accumulate = json.loads(capsys.readouterr().out)["kernels"]
    use = {a["name"]: (a["reads"], a["writes"]) for a in add["arguments"] if a["attribute"] == "buffer"}
    assert use == {"a": (True, False), "b": (True, False), "out": (False, True), "n": (True, False)}
    assert [a["index"] for a in add["arguments"][:4]] == [0, 1, 2, 3]
    use = {a["name"]: (a["reads"], a["writes"]) for a in accumulate["arguments"][:4]}
    assert use == {"x": (True, False), "sum": (True, True), "steps": (True, False), "tile": (True, True)}
    assert accumulate["instances"] == ["accumulate_half", "accumulate_bfloat"]
    assert [(b["name"], b["line"], b["flags"]) for b in accumulate["barriers"]] == [
        ("threadgroup_barrier", 15, ["mem_threadgroup"])
    ]
    assert main(["metal", "explain", "k.metal"]) == 0
    text = capsys.readouterr().out
    assert "buffer 2    device float* out: writes" in text
    assert "barriers: threadgroup_barrier (line 15)" in text
    assert "threadgroup 0 threadgroup T* tile: reads and writes" in text


EXPLAINED = """
inline float first(device const float* p, uint n) { return p[n]; }
inline void put(device float4* q, float4 v) { *q = v; }
inline float simd_twice(float v) { return 2 * simd_sum(v); }
inline float at(device const float* p, uint n) { device const float* q = p + n; return *q; }
kernel void k(device const float* a, device float* b, device float* c, device float4* d,
              device atomic_uint* e, device float* f, device half* g, constant float* h, device int* never,
              constant uint& j, constant uint& l, constant uint& m, constant uint& n, device const float* o,
              constant uint& unused,
              uint i [[thread_position_in_grid]], uint s [[simdgroup_index_in_threadgroup]]) {
  threadgroup float tile[4 * 8][8];
  b += i;
  tile[0][0] = first(a, 1) + h[0];
  device float* alias = b + 2;
  alias[1] = 1;
  ((device float4*)c)[i] = float4(0);
  put(d + i, float4(1));
  atomic_fetch_add_explicit(&e[0], 1u, memory_order_relaxed);
  f[i]++;
  *reinterpret_cast<device half4*>(g + i) *= 2.0h;
  if (tile[0][0] == simd_sum(1.0f)) b[0] += 1;
  device const float* row = a + size_t(i / j) * l;
  constant uint& other = m;
  tile[2 * s][0] = first(o, 1);
  b[1] = row[0] + at(a, n) + simd_twice(float(other));
}
"""


def test_what_kernels_read_and_write_is_told_from_their_text(folder, capsys):
    Path("e.metal").write_text(EXPLAINED)
    assert main(["metal", "explain", "e.metal", "--json"]) == 0
    (kernel,) = json.loads(capsys.readouterr().out)["kernels"]
    use = {a["name"]: (a["reads"], a["writes"]) for a in kernel["arguments"][:15]}
    assert use == {
        "a": (True, False),
        "b": (True, True),
        "c": (False, True),
        "d": (False, True),
        "e": (True, True),
        "f": (True, True),
        "g": (True, True),
        "h": (True, False),
        "never": (False, False),
        **{name: (True, False) for name in "jlmno"},
        "unused": (False, False),
    }
    assert [(t["name"], t["bytes"], t["line"]) for t in kernel["threadgroup"]] == [("tile", 1024, 11)]
    assert [(s["name"], s["line"]) for s in kernel["simd_operations"]] == [
        ("simd_sum", 21),
        ("simd_sum", 4),
    ]
