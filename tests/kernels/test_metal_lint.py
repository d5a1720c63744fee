"""Guards `kvist metal lint`: mutants are caught by their rules, valid text is clean, no text upsets it."""

import importlib.util
import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kvist.cli import main
from kvist.errors import KvistError
from kvist.exercises.metal_kernel import check as exercise
from kvist.metal.cli import limit
from kvist.metal.cli import lint as lint_command
from kvist.metal.lint import check, lint, spaces
from kvist.metal.lint.vocabulary import HEADERS

ROOT = Path(__file__).resolve().parents[2]
FILES = {p.stem: p for d in ("kernels", "tests/kernels") for p in sorted((ROOT / d).rglob("*.metal"))}
MUTANTS = tomllib.loads((Path(__file__).parent / "lint" / "mutants.toml").read_text("utf-8"))["mutant"]
HAVE_CLANG = importlib.util.find_spec("clang") is not None
BODY = "uint i = thread_position_in_grid.x; float x = gate[i]; out[i] = x / (1.0f + exp(-x)) * up[i];"
NOTHING = "kernel void k(device float* y [[buffer(0)]]) { y[0] = 1; }\n"
# Headers of MLX that do not stand alone: they use names or `using namespace metal` of whoever includes them.
NOT_ALONE = {"quantized_utils.h", "loader_channel_l.h", "loader_channel_n.h"}
needs_clang = pytest.mark.skipif(not HAVE_CLANG, reason="libclang is not installed")


@pytest.mark.parametrize("mutant", MUTANTS, ids=[m["name"] for m in MUTANTS])
def test_every_mutant_is_caught(mutant, monkeypatch):
    """By the rules alone, except those that only clang can see."""
    text = FILES[mutant["base"]].read_text("utf-8")
    for old, new in ((mutant["find"], mutant["replace"]), *([mutant["then"]] if "then" in mutant else [])):
        assert old in text
        text = text.replace(old, new, 1)
    if not mutant.get("clang"):
        monkeypatch.setattr(spaces, "check_spaces", lambda unit, unresolved: ("skipped: not now", []))
    elif not HAVE_CLANG:
        pytest.skip("libclang is not installed")
    found = lint(text).problems
    lines = [i for i, (a, b) in enumerate(zip(text.split("\n"), _base(mutant), strict=False), 1) if a != b]
    assert mutant["code"] in [p.code for p in found]
    assert min(lines) <= min(p.line for p in found if p.code == mutant["code"]) or mutant["code"] == "syntax"


def _base(mutant) -> list[str]:
    return FILES[mutant["base"]].read_text("utf-8").split("\n")


@needs_clang
def test_every_invalid_line_is_told_and_no_other():
    """lint/invalid.txt: what follows `//` is the code of the problem on that line."""
    text = (Path(__file__).parent / "lint" / "invalid.txt").read_text("utf-8")
    wanted = {i: line.split("// ")[1] for i, line in enumerate(text.split("\n"), 1) if "// " in line}
    found = {p.line: (p.code, p.message) for p in reversed(lint(text).problems)}
    assert {line: code for line, (code, _) in found.items()} == wanted
    assert not any("kvist" in message or "__attribute__" in message for _, message in found.values())


@needs_clang
@pytest.mark.parametrize("body", ["if (x > 0) return x;", "x += 1;", "for (int i = 0; i < x; i++) return x;"])
def test_a_function_that_may_end_without_its_value_is_warned_of(body):
    text = f"inline float f(float x) {{ {body} }}\n" + NOTHING
    assert [(p.line, p.code, p.severity) for p in lint(text).problems] == [(1, "return", "warning")]


@pytest.mark.parametrize("name", FILES)
def test_valid_kernels_are_clean(name):
    done = lint(FILES[name])
    assert not done.problems, "\n".join(map(str, done.problems))
    assert done.checks["rules"] == done.checks["vocabulary"] == "ran"
    assert done.checks["address_spaces"] == "ran" or not HAVE_CLANG


def test_the_exercise_is_clean():
    assert not lint(exercise.TEXT % BODY).problems


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", sorted(HEADERS.rglob("*.h")), ids=lambda p: p.relative_to(HEADERS).as_posix()
)
def test_headers_of_mlx_are_clean(path):
    """Those of Metal 4 (nax) have lambdas."""
    if "nax" in path.name or path.name in NOT_ALONE:
        pytest.skip("Metal 4, or not self-contained")
    done = lint(path)
    assert not done.problems, "\n".join(map(str, done.problems))


@needs_clang
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("float s; for (int i = 0; i < 4; ++i) s += y[i]; y[0] = s;", ["uninitialized"]),
        ("float4 s; s += 1.0f; y[0] = s.x;", ["uninitialized"]),
        ("float4 v; v.x = 1; v.yz = 2; half4 h; for (int i = 0; i < 4; ++i) h[i] = i; y[0] = v.x + h.w;", []),
        ("uint b; if (l == 0) b = 3; b = simd_broadcast_first(b); y[l] = b;", []),
        ("float c; float s = sincos(y[0], c); float a[2]; a[0] = s; y[0] = a[0] + c;", []),
    ],
)
def test_a_variable_without_a_value_is_warned_of(body, told):
    text = "#include <metal_stdlib>\nusing namespace metal;\nkernel void k(device float* y [[buffer(0)]], "
    text += f"uint l [[thread_index_in_simdgroup]]) {{ {body} }}\n"
    assert [p.code for p in lint(text).problems] == told


@needs_clang
@pytest.mark.parametrize("value", ["c ? a : b", "c ? 1 : 0", "(c) ? a : b"])
def test_a_vector_of_bool_is_no_condition(value):
    text = f"inline float2 f(bool2 c, float2 a, float2 b) {{ return {value}; }}\n" + NOTHING
    assert [(p.line, p.code) for p in lint(text).problems] == [(1, "condition")]


@needs_clang
def test_the_declarations_parse():
    """An error in the header itself would make clang blind."""
    text = "\nkernel void nothing(device float* y [[buffer(0)]]) { y[0] = 1; device int* z = y; }\n"
    assert [(p.line, p.column, p.code) for p in lint(text).problems] == [(2, 76, "type")]


def test_place_and_json(tmp_path, capsys):
    path = tmp_path / "k.metal"
    path.write_text(
        "#define N 4\n#include <metal_stdlib>\nkernel void k(device float* y [[buffer(31)]]) { y[N] = 1; }\n"
    )
    assert main(["metal", "lint", str(path), "--json"]) == 1
    done = json.loads(capsys.readouterr().out)
    assert done["file"] == str(path)
    (problem,) = done["problems"]
    assert (problem["line"], problem["column"], problem["code"]) == (3, 33, "attribute-index")
    assert problem["severity"] == "error" and problem["message"]
    assert set(done["checks"]) == {"rules", "address_spaces", "vocabulary"}


def test_exit_codes(tmp_path, capsys):
    assert main(["metal", "lint", str(FILES["rms_norm"])]) == 0
    assert "nothing wrong" in capsys.readouterr().out
    assert main(["metal", "lint", str(tmp_path / "none.metal")]) == 2
    binary = tmp_path / "binary.metal"
    binary.write_bytes(b"\xff\xfe\x00")
    assert main(["metal", "lint", str(binary)]) == 2


def test_checks_that_cannot_be_made_say_why(monkeypatch):
    text = FILES["scan"].read_text("utf-8")
    monkeypatch.setattr(spaces.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(check, "called_by_mlx", lambda **_: frozenset())
    checks = lint(text).checks
    assert "libclang" in checks["address_spaces"] and "headers" in checks["vocabulary"]
    missing = lint('#include "nowhere.h"\n' + text)
    assert [p.code for p in missing.problems] == ["include"]
    assert "includes" in missing.checks["vocabulary"]


def test_a_hint_says_what_was_meant():
    text = (
        FILES["rms_norm"]
        .read_text("utf-8")
        .replace("[[thread_index_in_simdgroup]]", "[[thread_index_in_simd]]")
    )
    assert "thread_index_in_simdgroup" in next(p.hint for p in lint(text).problems)
    text = FILES["simdgroup_matmul"].read_text("utf-8").replace("simdgroup_matrix>", "simdgroup_matrx>")
    assert "<metal_simdgroup_matrix>" in next(p.hint for p in lint(text).problems)


def test_a_text_that_takes_too_long_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(limit, "TIME_LIMIT", 0.05)
    monkeypatch.setattr(lint_command, "lint", lambda *_, **__: [None for _ in iter(int, 1)])  # has no end
    path = tmp_path / "k.metal"
    path.write_text("kernel")
    assert main(["metal", "lint", str(path)]) == 2
    assert "checked within" in capsys.readouterr().err


def test_a_pipe_that_nobody_writes_to_is_refused_in_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(limit, "TIME_LIMIT", 0.05)
    path = tmp_path / "k.metal"
    os.mkfifo(path)
    assert main(["metal", "lint", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.count("need") == 1 and "which is a pipe" in told and not told.rstrip().endswith("..")


PIECES = [
    "[[",
    "]]",
    "(",
    ")",
    "{",
    "}",
    "<",
    ">",
    "kernel void f(",
    "template <typename T>",
    "#if",
    "#define X",
    "/*",
]
PIECES += [
    "threadgroup float x[4];",
    "device float*",
    '"',
    "'",
    "[[buffer(0)]]",
    ";",
    "struct A",
    "\n",
    "::",
    "1'0",
    "é",
]


@pytest.mark.parametrize(
    "body",
    ["(device float*)", "(device float*)&", "k", "k <", "float k =", "threadgroup float t[", "atomic_float"],
)
def test_a_kernel_that_breaks_off_does_not_upset_it(body):
    assert lint(f"kernel void k(device float* y [[buffer(0)]]) {{ {body} }}\n").file
    assert lint(f"kernel void k(device float* y [[buffer(0)]]) {{\n{body}").file


@settings(
    max_examples=settings().max_examples * 3 // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=25))
def test_no_text_upsets_it(monkeypatch, pieces):
    monkeypatch.setattr(spaces, "check_spaces", lambda unit, unresolved: ("skipped: not now", []))
    try:
        lint("\n" + " ".join(pieces))
    except KvistError:
        pytest.fail("a text is never a wrong call")


def test_several_files_and_notes(tmp_path, capsys):
    (tmp_path / "empty.metal").write_text("")
    (tmp_path / "bare.metal").write_text(
        "kernel void k(device float* y [[buffer(0)]]) { y[0] = exp(y[0]); }\n"
    )
    paths = [str(tmp_path / "empty.metal"), str(tmp_path / "bare.metal"), str(FILES["valid_graphics"])]
    assert main(["metal", "lint", *paths]) == 1
    told = capsys.readouterr().out
    assert "bare.metal:1:55: library: exp" in told and "bare.metal: 1 problem\n" in told
    assert main(["metal", "lint", *paths, "--json"]) == 1
    empty, bare, graphics = json.loads(capsys.readouterr().out)["files"]
    assert "empty" in empty["notes"][0] and not empty["problems"]
    assert [p["code"] for p in bare["problems"]] == ["library"] and not bare["notes"]
    assert "texture2d" in graphics["notes"][0]
