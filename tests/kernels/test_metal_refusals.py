"""Guards what the emulator refuses because it would get it wrong, and the errors of wrong arguments."""

import json
import os
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from kvist.cli import main
from kvist.errors import KvistError
from kvist.metal import Kernel, Output, emulate
from kvist.metal.describe import explain_source
from kvist.metal.rewrite import rewrite

pytestmark = pytest.mark.usefixtures("emulator")

TWO = "float f(device float* p) {{ return {}; }}\nfloat f(threadgroup float* q) {{ return {}; }}\n"
CALL = "kernel void k(device float* o) { threadgroup float t[2]; o[0] = f(t); }\n"
EXCHANGE = "atomic_compare_exchange_weak_explicit(o, {}, 1u, memory_order_relaxed, memory_order_relaxed);"


MEMBERS = "struct S { float v; float g() device { return v; } float g() thread { return 2; } };\n"
LOCAL = "\nkernel void k(device float* o) {\n  constant float c = 1;\n}\n"
COMPARE = "void f(device atomic_uint* o, device uint* e) {{ {} }}"


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (TWO.format(1, 4).replace("float* q", "float* q = 0") + CALL, "k.metal:2", "`f` of k.metal:1"),
        (MEMBERS + "void h(S s) { s.g(); }\n", "k.metal:1", "`g` of k.metal:1"),
        (LOCAL, "k.metal:3", "inside a function"),
        ("void f(device float* o [[buffer(NOPE)]]);", "k.metal:1", "NOPE, which nothing defines"),
        (COMPARE.format(EXCHANGE.format("e")), "k.metal:1", "`e` in device"),
        (COMPARE.format(EXCHANGE.format("&e[1]")), "k.metal:1", "`e` in device"),
        (COMPARE.format("device uint* p = e; " + EXCHANGE.format("p")), "k.metal:1", "`p` in device"),
        (COMPARE.format("auto p = e + 1; " + EXCHANGE.format("p")), "k.metal:1", "`p` in device"),
        (COMPARE.format("auto p = &e[1]; " + EXCHANGE.format("p")), "k.metal:1", "`p` in device"),
    ],
)
def test_what_needs_address_spaces_is_refused_with_its_line(text, where, words):
    with pytest.raises(KvistError) as caught:
        rewrite(text, "k.metal")
    assert caught.value.where == where
    assert words in caught.value.got


@pytest.mark.parametrize(
    "text",
    [
        TWO.format("p[0]", "p[0]").replace("* q", "* p") + CALL,  # the same text for each space
        TWO.format(1, 4).replace("float* q", "float* q = 0"),  # nobody calls it
        TWO.format(1, 4) + CALL,  # told apart at run time
        "void f() { static constant float c = 1; constant float* p = T; }",
        "enum E { A, B }; void f(device float* o [[buffer(B)]]);",
        COMPARE.format("uint x = e[0]; " + EXCHANGE.format("&x")),
        COMPARE.format("auto x = e[0]; " + EXCHANGE.format("&x")),
        COMPARE.format("uint x = 0; thread uint* p = &x; " + EXCHANGE.format("p")),
    ],
)
def test_what_needs_none_is_not(text):
    rewrite(text, "k.metal")


def test_an_index_may_be_an_enumerator():
    text = """enum { First = 3, Second };
constant constexpr int last = 7;
kernel void k(device float* a [[buffer(Second)]], device float* b [[buffer(last)]], device float* c) {}
"""
    (kernel,) = explain_source(text)["kernels"]
    assert [a["index"] for a in kernel["arguments"]] == [4, 7, 8]


def test_references_are_other_names_of_what_is_written():
    text = """void set(device float& d, float v) { d = v; }
float twice(float v) { v = v * 2; return v; }
kernel void k(device const float* x, device float* o, device float* p, device float* q, device float* r,
              uint i [[thread_position_in_grid]]) {
  device float& ref = o[i];
  ref = x[i];
  auto& other = p[i];
  other += 1;
  set(q[i], twice(r[i]));
}
"""
    (kernel,) = explain_source(text)["kernels"]
    used = {a["name"]: (a["reads"], a["writes"]) for a in kernel["arguments"][:-1]}
    assert used == {
        "x": (True, False),
        "o": (False, True),
        "p": (True, True),
        "q": (False, True),
        "r": (True, False),
    }


ONE = """#include <metal_stdlib>
using namespace metal;
struct Q {{ float a, b, c, d; }};
kernel void k(device const Q* x, device float* o, constant uint& n, uint i [[thread_position_in_grid]]) {{
  Q q = x[i + 1];
  {} = q.a * q.b + q.c * q.d + n;
}}
"""
GOOD = {"x": np.zeros((64, 4), np.float32), "o": Output(64, "float32"), "n": 1}


def test_an_access_of_several_components_is_reported_once():
    done = emulate(ONE.format("o[i]"), 64, 64, GOOD)
    (report,) = done.reports
    assert (report.kind, report.line, report.buffer, report.index, report.count) == (
        "out_of_bounds",
        5,
        "x",
        64,
        4,
    )


def test_writers_of_one_statement_are_told_to_leave_it_to_one_thread():
    done = emulate(ONE.format("o[i / 2]").replace("i + 1", "i"), 64, 64, {**GOOD, "o": Output(32, "float32")})
    (report,) = done.reports
    assert report.kind == "data_race"
    assert report.hint == "let one thread write it, use an atomic, or give each thread another index"


@pytest.mark.parametrize(
    ("options", "need"),
    [
        ({"template": 3}, "template={'T': mx.float16}"),
        ({"constants": [1]}, "constants={'name': value}"),
        ({"threadgroup_memory": {"t": "many"}}, "threadgroup_memory={'name': bytes}"),
        ({"allow": None}, "allow=[kinds of reports]"),
        ({"allow": "data_race"}, "allow=[kinds of reports]"),
        ({"include": "folder"}, "include=[folders]"),
        ({"include": ["no folder"]}, "a folder to look for includes in"),
        ({"name": 3}, "name=the name of a kernel"),
        ({"kernel": 3}, "the path of a .metal file, its text or a Kernel"),
        (
            {"buffers": {**GOOD, "n": np.array([1, 2], np.uint32)}},
            "one value for `n`, which is constant uint&",
        ),
    ],
)
def test_wrong_arguments_are_errors_of_ours(options, need):
    given = {"kernel": ONE.format("o[i]"), "buffers": GOOD} | options
    with pytest.raises(KvistError) as caught:
        emulate(given.pop("kernel"), 64, 64, given.pop("buffers"), **given)
    assert caught.value.need == need


def test_a_kernel_takes_a_length_as_shape_and_refuses_what_is_none():
    text = """kernel void k(device const float* x [[buffer(0)]], device float* o [[buffer(1)]],
                     uint3 thread_position_in_grid [[thread_position_in_grid]]) {
  o[thread_position_in_grid.x] = x[thread_position_in_grid.x];
}
"""
    kernel = Kernel(text)
    call = {"inputs": [np.ones(70, np.float32)], "grid": (70, 1, 1), "threadgroup": (32, 1, 1)}
    (out,) = kernel(**call, output_shapes=[70], output_dtypes=[mx.float32])
    assert out.shape == (70,)
    with pytest.raises(KvistError, match="a list as output_shapes"):
        kernel(**call, output_shapes=70, output_dtypes=[mx.float32])
    with pytest.raises(KvistError, match="a shape of whole numbers"):
        kernel(**call, output_shapes=["70"], output_dtypes=[mx.float32])
    with pytest.raises(KvistError, match="template="):
        kernel(**call, output_shapes=[70], output_dtypes=[mx.float32], template=[3])


def test_an_error_is_json_too_where_json_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("k.metal").write_text("\nkernel void k(")
    os.mkfifo("pipe.metal")
    size = ["--grid", "1", "--threadgroup", "1"]
    calls = {
        "k.metal:2": ["run", "k.metal", *size],
        "n.metal": ["explain", "n.metal"],
        "no.metal": ["lint", "no.metal"],
        "which is a pipe": ["explain", "pipe.metal"],
        "'nowhere', which is none": ["explain", "k.metal", "-I", "nowhere"],
        "look for includes": ["lint", "k.metal", "-I", "nowhere"],
    }
    for words, call in calls.items():
        assert main(["metal", *call, "--json"]) == 2
        got = capsys.readouterr()
        assert words in json.loads(got.out)["error"]
        assert got.err.count("\n") == 1
        assert main(["metal", *call]) == 2
        assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit):
        main(["metal", "run", "k.metal", "--json"])
    assert "--grid" in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.slow
def test_a_static_member_without_a_definition_is_one_line(capsys):
    text = "struct S { static int n; };\nkernel void k(device float* o) { o[0] = S::n; }\n"
    with pytest.raises(KvistError) as caught:
        emulate(text, 1, 1, {"o": Output(1, "float32")})
    assert caught.value.need == "a definition of S::n"
    assert caught.value.where.startswith("kernel.metal")


def test_explain_lists_function_constants(tmp_path, capsys):
    path = tmp_path / "k.metal"
    path.write_text("constant bool causal [[function_constant(2)]];\nkernel void k(device float* o) {}\n")
    assert main(["metal", "explain", str(path)]) == 0
    assert capsys.readouterr().out.startswith("function constant 2 bool causal\n\nkernel k (line 2)")
