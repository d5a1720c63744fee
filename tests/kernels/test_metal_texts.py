"""Guards what `kvist metal` says of texts that are not what a kernel should be, and -D and --constant."""

import json
from pathlib import Path

import numpy as np
import pytest

from kvist.cli import main

pytestmark = pytest.mark.usefixtures("emulator")
ONE = ["--grid", "4", "--threadgroup", "4"]
HEAD = "#include <metal_stdlib>\nusing namespace metal;\n"
FILL = "uint i [[thread_position_in_grid]]) {\n  x[i] = 1;\n}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(text: str, *call: str, capsys) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command on k.metal with that text."""
    Path("k.metal").write_text(HEAD + text)
    code = main(["metal", call[0], "k.metal", *call[1:]])
    got = capsys.readouterr()
    return code, got.out, got.err


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("kernel void k(device float* x) { x[0] = (1; }\n", "k.metal:3:", "syntax"),
        ("kernel void k(device float* x) { x[0] = ; }\n", "k.metal:3:41", "syntax"),
        ("kernel void k(device float* x) {\n", "k.metal:3:", "syntax"),
        ("kernel int k(device float* x) { return 1; }\n", "k.metal:3:12", "kernel-return"),
        ("kernel void k(device float* x [[bufer(0)]]) { x[0] = 1; }\n", "k.metal:3:33", "unknown-attribute"),
        ('#include "none.h"\nkernel void k(device float* x) { x[0] = 1; }\n', "k.metal:3:1", "include"),
        ("kernel void k(uint i) { }\n", "k.metal:3:20", "parameter-attribute"),
        ("#if 1\nkernel void k(device float* x) { x[0] = 1; }\n", "k.metal:3:1", "preprocessor"),
    ],
)
def test_what_cannot_be_read_is_not_explained(text, place, code, capsys):
    wrong, out, err = said(text, "explain", capsys=capsys)
    assert (wrong, err) == (1, "")
    assert out.startswith(place) and f": {code}: " in out.splitlines()[0]
    wrong, out, err = said(text, "explain", "--json", capsys=capsys)
    found = json.loads(out)
    assert wrong == 1 and found["kernels"] == []
    assert found["problems"][0]["code"] == code and found["problems"][0]["line"] == 3


def test_what_can_be_read_is_explained_though_lint_refuses_it(capsys):
    text = "kernel void k(device float* x) { float* p = &x[0]; *p = 1; }\n"
    code, out, _ = said(text, "explain", "--json", capsys=capsys)
    assert code == 0
    assert json.loads(out)["problems"] == []
    assert said(text, "lint", capsys=capsys)[0] == 1


def test_a_run_says_that_lint_refuses_the_text(capsys):
    text = f"kernel void k(device float* x,{FILL}float f(float* p) {{ return *p; }}\n"
    call = ["run", *ONE, "--out", "x=float32:4"]
    code, out, _ = said(text, *call, capsys=capsys)
    assert code == 0
    assert "`kvist metal lint` finds 1 problem in this text, first k.metal:6:9: address-space" in out
    code, out, _ = said(text, *call, "--json", capsys=capsys)
    assert code == 0
    told = json.loads(out)["lint"]
    assert told["problems"] == 1 and told["first"].startswith("k.metal:6:9")
    text = f"kernel void k(device float* x,{FILL}"
    assert "lint" not in said(text, *call, capsys=capsys)[1]
    assert json.loads(said(text, *call, "--json", capsys=capsys)[1])["lint"] == {"problems": 0, "first": None}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "kernel int k(device float* x) { return 1; }\n",
            "[k.metal:3] need a kernel that returns void, `kernel void k`, got int",
        ),
        (
            f"kernel void k(device float* x [[bufer(0)]], {FILL}",
            "[k.metal:3] need an attribute of Metal for parameter `x`, got [[bufer]]. "
            "hint: did you mean [[buffer(n)]]?",
        ),
        (
            f"kernel void k(device float* x,\n{FILL}".replace("in_grid", "in_gird"),
            "[k.metal:4] need an attribute of Metal for parameter `i`, got [[thread_position_in_gird]]. "
            "hint: did you mean [[thread_position_in_grid]]?",
        ),
    ],
)
def test_what_is_no_kernel_is_told_with_its_place(text, words, capsys):
    code, _, err = said(text, "run", *ONE, "--out", "x=float32:4", capsys=capsys)
    assert code == 2
    assert words in err


def test_a_kernel_beside_one_that_is_none_runs(capsys):
    text = f"kernel int other(device float* x) {{ return 1; }}\nkernel void k(device float* x,{FILL}"
    text = text.replace("kernel int other", "kernel void other").replace(
        "device float* x)", "device float* x [[bufer(0)]])"
    )
    call = ["run", *ONE, "--out", "x=float32:4", "--kernel", "k"]
    assert said(text.replace("return 1;", ""), *call, capsys=capsys)[0] == 0


@pytest.mark.parametrize(
    ("declared", "use", "name", "got"),
    [
        ("struct A { device float* x; uint n; };", "device A& a", "a.x", "A with the pointer x"),
        ("struct B { device int* x [[id(0)]]; };\nstruct A { B b; };", "constant A& a", "a.b.x", "pointer x"),
        (
            "typedef struct { array<device float*, 4> x; } A;",
            "device A* a",
            "a->x[0]",
            "A with the pointer x",
        ),
        ("", "device float* device* a", "a[0]", "pointers to other buffers"),
    ],
)
def test_pointers_inside_of_a_buffer_are_told_before_the_run(declared, use, name, got, capsys):
    np.save("a.npy", np.zeros(64, np.uint8))
    text = f"{declared}\nkernel void k({use}, uint i [[thread_position_in_grid]]) {{ {name}[i] = 1; }}\n"
    code, _, err = said(text, "run", *ONE, "--buffer", "a=a.npy", capsys=capsys)
    assert code == 2
    assert "need plain values in `a`, got " in err and got in err
    assert "argument buffers are not emulated" in err


def test_pointers_that_nobody_follows_do_not_hinder_a_run(capsys):
    np.save("a.npy", np.zeros(16, np.uint8))
    text = f"struct A {{ device float* y; ulong n; }};\nkernel void k(device A& a, device float* x,{FILL}"
    call = ["run", *ONE, "--buffer", "a=a.npy", "--out", "x=float32:4"]
    assert said(text, *call, capsys=capsys)[0] == 0


def test_a_run_that_did_not_finish_counts_nothing(capsys):
    text = "kernel void k(device float* x) { while (x[0] < 2) x[1] = 1; }\n"
    call = ["run", *ONE, "--out", "x=float32:4:0", "--time-limit", "0.2", "--json"]
    code, out, _ = said(text, *call, capsys=capsys)
    done = json.loads(out)
    assert (code, done["finished"]) == (1, False)
    assert {"threads", "barriers", "read_bytes", "written_bytes"} <= set(done["counters"])
    assert set(done["counters"].values()) == {None}
    done = json.loads(said(text.replace("while", "if"), *call, capsys=capsys)[1])
    assert done["finished"] is True and None not in done["counters"].values()


MACROS = """constant int m [[function_constant(0)]];
kernel void k(device TYPE* x [[buffer(0)]], uint i [[thread_position_in_grid]]) {
#ifdef VALUE
  x[i] = VALUE + m;
#endif
}
"""


def test_macros_and_constants_are_given_to_each_command(capsys):
    given = ["-D", "TYPE=float", "-D", "VALUE", "--constant", "m=4"]
    assert said(MACROS, "lint", capsys=capsys)[0] == 1
    assert said(MACROS, "lint", *given, capsys=capsys)[0] == 0
    code, out, _ = said(MACROS, "explain", *given, capsys=capsys)
    assert code == 0
    assert "function constant 0 int m = 4\n" in out and "device float* x: writes" in out
    assert json.loads(said(MACROS, "explain", *given, "--json", capsys=capsys)[1])["function_constants"] == [
        {"name": "m", "type": "int", "index": 0, "value": "4"}
    ]
    code, out, _ = said(MACROS, "run", *ONE, *given, "--out", "x=float32:4", capsys=capsys)
    assert code == 0 and "lint" not in out
    np.testing.assert_array_equal(np.load("x.npy"), [5, 5, 5, 5])
    assert said(MACROS, "run", *ONE, *given, "-D", "VALUE=7", "--out", "x=float32:4", capsys=capsys)[0] == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["-D", "3=4"], "[-D] need NAME or NAME=VALUE, got '3=4'"),
        (["-D", "A=1", "-D", "A=2"], "[-D] need one value for A, got two"),
        (["--constant", "m=x"], "a whole number from -2147483648"),
        (["--constant", "n=1"], "need function constants of this file: m (0), got n"),
    ],
)
@pytest.mark.parametrize("command", ["lint", "explain"])
def test_wrong_options_for_a_text(command, given, words, capsys):
    code, _, err = said(MACROS, command, "-D", "TYPE=float", *given, capsys=capsys)
    assert code == 2
    assert words in err and err.count("\n") == 1


def test_zeros_for_threadgroup_memory_are_taken_and_not_relied_on(capsys):
    text = "kernel void k(device float* x, uint i [[thread_position_in_grid]]) {\n"
    text += "  threadgroup float t[4] = {0};\n  x[i] = t[i];\n}\n"
    call = ["run", *ONE, "--out", "x=float32:4", "--json"]
    code, out, _ = said(text, *call, capsys=capsys)
    assert code == 1
    assert [(r["kind"], r["line"], r["buffer"]) for r in json.loads(out)["reports"]] == [
        ("uninitialized_read", 5, "t")
    ]
    found = json.loads(said(text, "lint", "--json", capsys=capsys)[1])["problems"]
    assert [(p["code"], p["severity"], p["line"]) for p in found] == [
        ("threadgroup-initialiser", "warning", 4)
    ]
    text = text.replace("  x[i]", "  t[i] = i;\n  x[i]")
    assert said(text, *call, capsys=capsys)[0] == 0
    assert said(text.replace("{0}", "{1}"), *call, capsys=capsys)[0] == 2
    found = json.loads(said(text.replace("[4] = {0}", " = 0"), "lint", "--json", capsys=capsys)[1])[
        "problems"
    ]
    assert [(p["code"], p["severity"]) for p in found][:1] == [("threadgroup-initialiser", "error")]


@pytest.mark.parametrize("name", ["erf", "log1p", "erfinv", "hypot", "simd_reduce", "ceildiv"])
def test_functions_that_the_headers_of_mlx_define_are_not_of_metal(name, capsys):
    args = "x[i], 2.0f" if name in ("hypot", "ceildiv") else "x[i]"
    text = f"kernel void k(device float* x,{FILL}".replace("= 1", f"= {name}({args})")
    code, out, _ = said(text, "lint", capsys=capsys)
    assert code == 1
    assert f"k.metal:4:10: unknown-function: nothing defines {name}" in out


ADD = "kernel void k(device const float* a, device float* x," + FILL.replace("= 1", "+= a[i]")


def test_one_file_for_two_buffers_is_two_copies(capsys):
    np.save("a.npy", np.arange(4, dtype=np.float32))
    np.save("x.npy", np.arange(4, dtype=np.float32))
    call = ["run", *ONE, "--buffer", "a=a.npy", "--out", "x=float32:4"]
    code, out, _ = said(ADD, *call, "--buffer", "x=a.npy", capsys=capsys)
    assert code == 0
    assert "note: `a` and `x` have a copy each of a.npy: what is written to one does not show" in out
    assert "copy" not in said(ADD, *call, "--buffer", "x=x.npy", capsys=capsys)[1]


def test_a_buffer_may_begin_inside_of_a_file(capsys):
    np.save("a.npy", np.arange(8, dtype=np.float32).reshape(2, 4))
    np.save("x.npy", np.zeros(6, np.float32))
    call = ["run", *ONE, "--buffer", "a=a.npy@3", "--buffer", "x=x.npy@2", "--out", "x=float32:4"]
    assert said(ADD, *call, capsys=capsys)[0] == 0
    np.testing.assert_array_equal(np.load("x.out.npy"), [3, 4, 5, 6])
    np.testing.assert_array_equal(np.load("x.npy"), np.zeros(6))  # an input is never written over
    code, _, err = said(ADD, *[c.replace("@3", "@8") for c in call], capsys=capsys)
    assert code == 2
    assert "[--buffer a] need an offset below the 8 elements of a.npy, got 8" in err
