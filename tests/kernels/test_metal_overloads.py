"""Guards which mixtures of types the library's functions take; the emulator and lint agree."""

import importlib.util
import itertools
import subprocess

import pytest

from kvist.cli import main
from kvist.metal.compiler import compiler
from kvist.metal.files import SHIM
from kvist.metal.lint import lint

pytestmark = pytest.mark.usefixtures("emulator")
TYPES = {"h": "half", "f": "float", "n": "int", "u": "uint"}
TWO, THREE = ("max", "fmax", "pow", "step"), ("clamp", "fma", "mix", "smoothstep", "select")
CALLS = [(name, args) for name in TWO for args in itertools.product(TYPES, repeat=2)]
CALLS += [(name, args) for name in THREE for args in itertools.product(TYPES, repeat=3) if len({*args}) < 3]
HEAD = "#include <metal_stdlib>\nusing namespace metal;\n"


@pytest.mark.skipif(importlib.util.find_spec("clang") is None, reason="libclang is not installed")
def test_lint_and_emulator_take_the_same_arguments():
    declared = " ".join(f"{kind} {name} = {kind}(1);" for name, kind in TYPES.items())
    lines = [f"  (void){name}({', '.join(args)});" for name, args in CALLS]
    found = lint("\n".join([HEAD + "kernel void k(device float* x) {", declared, *lines, "}"])).problems
    refused = {CALLS[p.line - 5] for p in found}
    assert len(CALLS) > len(refused) > 50
    # Metal has one overload a type, none of which is the best for these.
    assert {("fmax", ("h", "f")), ("max", ("f", "n")), ("clamp", ("h", "f", "f"))} <= refused
    assert not {("fmax", ("h", "n")), ("pow", ("f", "n")), ("mix", ("h", "h", "h"))} & refused
    cpp = [HEAD + "struct yes {}; struct no {}; template <class T> T a();"]
    for name in (*TWO, *THREE):
        cpp += [f"template <class... A> auto t_{name}(int, A... x) -> decltype((void){name}(x...), yes());"]
        cpp += [f"template <class... A> no t_{name}(long, A... x);"]
    for name, args in CALLS:
        given = ", ".join(f"a<{TYPES[x]}>()" for x in args)
        answer = "no" if (name, args) in refused else "yes"
        cpp += [f'static_assert(std::is_same_v<decltype(t_{name}(0, {given})), {answer}>, "{name} {args}");']
    command, _ = compiler()
    options = ["-std=c++17", "-w", "-fsyntax-only", f"-I{SHIM}", "-x", "c++", "-"]
    done = subprocess.run([*command, *options], input="\n".join(cpp), capture_output=True, text=True)
    assert not done.returncode, done.stderr[:2000]


def test_both_say_what_to_do_about_half_beside_float(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "k.metal"
    path.write_text(HEAD + "kernel void k(device half* x) {\n  x[0] = fmax(x[0], 0.5);\n}\n")
    assert main(["metal", "lint", "k.metal"]) == 1
    out = capsys.readouterr().out
    assert "k.metal:4:10: ambiguous-call: call to 'fmax' is ambiguous (hint: " in out and "0.5h" in out
    call = ["metal", "run", "k.metal", "--grid", "1", "--threadgroup", "1", "--out", "x=half:1:0"]
    assert main(call) == 2
    err = capsys.readouterr().err
    assert "[k.metal:4]" in err and "ambiguous in Metal, too" in err
    path.write_text(path.read_text().replace("0.5", "0.5h"))
    assert main(["metal", "lint", "k.metal"]) == main(call) == 0
