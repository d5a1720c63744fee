"""Guards what kernels of other projects need: their words, their headers, their vertex functions."""

import importlib.util
import json

import mlx.core as mx
import pytest

from kvist.cli import main
from kvist.errors import KvistError
from kvist.metal import Output, emulate
from kvist.metal.lint import lint
from kvist.metal.rewrite import rewrite

HEAD = "#include <metal_stdlib>\nusing namespace metal;\n"
KERNEL = "kernel void k(device float* y [[buffer(0)]]) { y[0] = 1; }\n"
needs_clang = pytest.mark.skipif(
    importlib.util.find_spec("clang") is None, reason="libclang is not installed"
)


def told(text: str) -> list[tuple[int, str]]:
    return [(p.line, p.code) for p in lint(HEAD + text).problems]


@pytest.mark.parametrize(
    "line",
    [
        "const device float4& first(v[0]);",
        "const device float4* p(v + 1);",
        "thread float4& r(a);",
        "thread const metal::float4 & r(a);",
        "thread vec<float, 4>& r(a);",
    ],
)
def test_a_reference_made_in_brackets_is_no_call(line):
    text = "kernel void k(const device float4* v [[buffer(0)]], device float* y [[buffer(1)]]) {\n"
    assert not told(text + f"float4 a = v[0]; {line} y[0] = a.x; }}\n")


def test_a_product_with_a_call_is_one():
    text = "kernel void k(device float* y [[buffer(0)]]) { int n = 3; y[0] = n * refff(y[1]); }\n"
    assert (3, "unknown-function") in told(text)


def test_kernels_may_recurse_and_vertex_functions_may_not():
    f = "int %s(int n) { return n < 2 ? 1 : n * %s(n - 1); }\n"
    vertex = "vertex float4 v(uint i [[vertex_id]]) { return float4(g(i)); }\n"
    text = f % ("f", "f") + "kernel void k(device int* y [[buffer(0)]]) { y[0] = f(4); }\n"
    done = lint(HEAD + text)
    assert not done.problems
    assert done.notes == ("f (line 3) calls itself, which Metal 2.4 and later allow in kernels",)
    assert told(f % ("g", "g") + vertex + text) == [(3, "recursion")]


@needs_clang
def test_a_fraction_in_a_template_is_no_double():
    text = "template <typename T> T f(T x) { return T(fmin(1, x / 6 + 0.5)) + T(fmax(0, x * 1e-1)); }\n"
    assert not told(text + "kernel void k(device half* y [[buffer(0)]]) { y[0] = f(y[1]); }\n")


@needs_clang
def test_a_pragma_may_name_a_macro():
    text = "#define MIN(x, y) ((x) < (y) ? (x) : (y))\nkernel void k(device float* y [[buffer(0)]]) {\n"
    assert not told(text + "#pragma unroll (MIN(2, 4))\nfor (int i = 0; i < 2; ++i) y[i] = 1; }\n")


@pytest.mark.parametrize(
    "names",
    [
        "typedef void (made)(device float* y, ushort other);\n",
        "typedef float (*made)(float x, float other);\n",
        "template <typename other> other f(other x) { return x; }\n",
    ],
)
def test_a_name_used_for_a_type_elsewhere_may_be_a_number(names):
    text = (
        names
        + "kernel void k(device float* y [[buffer(0)]], ushort other [[simdgroup_index_in_threadgroup]])"
    )
    assert not told(text + " { const int n = 2; const float t = other*n + 1; y[0] = t; }\n")


def test_a_comment_may_say_anything_and_a_name_may_not():
    done = lint(HEAD + "// 一\nkernel void k(device float* y [[buffer(0)]]) { y[0] = 1; } // Σ\n")
    assert not done.problems
    assert "line 3 and of 1 more" in done.notes[0]
    assert told(KERNEL.replace("{", "{ int α = 1; "))[0] == (3, "non-ascii")


def test_the_rest_is_checked_without_a_missing_header(tmp_path, capsys):
    file = tmp_path / "k.metal"
    file.write_text(
        '#include "project/types.h"\n#include "project/more.h"\n' + HEAD + "#define COUNT 3\n"
        "kernel void k(device args_t* y [[buffer(0)]]) {\n for (int i = 0; i < COUNT; ++i) y[i] = next;\n"
        " double x = 1; }\n"
    )
    done = lint(file)
    assert [(p.line, p.code) for p in done.problems] == [(1, "include"), (2, "include"), (8, "double")]
    assert "project/types.h, project/more.h" in done.checks["address_spaces"]
    assert main(["metal", "run", str(file), "--grid", "1", "--threadgroup", "1", "--json"]) == 2
    said = json.loads(capsys.readouterr().out)["error"]
    assert said.startswith("[k.metal:1] need the header project/types.h, got no such file. hint: -I")


def test_a_kernel_runs_beside_vertex_functions_and_textures(emulator):
    text = HEAD + (
        "struct V { float4 position [[position]]; float2 uv; };\n"
        "constexpr sampler linear(filter::linear);\n"
        "vertex V vert(uint i [[vertex_id]], constant float2* p [[buffer(0)]]) {\n"
        "  return {float4(1), p[i]}; }\n"
        "fragment half4 frag(V in [[stage_in]], texture2d<half> t [[texture(0)]]) {\n"
        "  return t.sample(linear, in.uv); }\n"
        "static float luma(texture2d<float> t, uint2 p) { return t.read(p).x; }\n"
        "kernel void gray(texture2d<float, access::write> t [[texture(0)]],\n"
        "    uint2 p [[thread_position_in_grid]]) { t.write(float4(1), p); }\n"
        "inline float of(device float* object, float vertex) { return object[0] + vertex; }\n"
        "kernel void k(device float* y [[buffer(0)]]) { int fragment = 3; y[0] = 1; y[0] = of(y, 2); }\n"
    )
    out = {"y": Output((1,), mx.float32)}
    assert emulate(text, (1, 1, 1), (1, 1, 1), out, name="k").outputs["y"].tolist() == [3.0]
    with pytest.raises(KvistError, match="textures are not emulated"):
        emulate(text, (1, 1, 1), (1, 1, 1), out, name="gray")


@needs_clang
def test_the_constants_of_the_library_are_there(emulator):
    names = ["MAXHALF", "M_PI_BF", "HALF_EPSILON", "M_SQRT1_2_H", "FLT_MANT_DIG", "SHRT_MIN", "M_LN10_F"]
    lines = " ".join(f"y[{i}] = float({name});" for i, name in enumerate(names))
    text = HEAD + f"kernel void k(device float* y [[buffer(0)]]) {{ {lines} }}\n"
    assert not lint(text).problems
    got = emulate(text, (1, 1, 1), (1, 1, 1), {"y": Output((7,), mx.float32)}).outputs["y"].tolist()
    assert got == pytest.approx([65504, 3.140625, 2**-10, 0.70703125, 24, -32768, 2.302585], rel=1e-6)


def test_ranges_of_elements_take_their_values(emulator):
    text = HEAD + (
        "kernel void k(device float* y [[buffer(0)]], constant int& n [[buffer(1)]]) {\n"
        "  float all[6] = { [ 0 ... 6 - 1 ] = float(n) };\n"
        "  float2 some[6] = { [1 ... 2] = {1, 2}, [4] = float2(3), [ 5 ... 5 ] = float2(4, n) };\n"
        "  for (int i = 0; i < 6; ++i) y[i] = all[i] + 10 * some[i].x + 100 * some[i].y; }\n"
    )
    assert not [p for p in lint(text).problems if p.code != "type"]
    out = emulate(text, (1, 1, 1), (1, 1, 1), {"y": Output((6,), mx.float32), "n": 7}).outputs["y"]
    assert out.tolist() == [7, 217, 217, 7, 337, 747]


def test_a_pointer_to_char_takes_any_array(emulator):
    """Kernels of quantized weights cast it; a pointer to another type takes its own."""
    text = HEAD + (
        "kernel void k(device const char* x [[buffer(0)]], device uchar* y [[buffer(1)]],\n"
        "    uint i [[thread_position_in_grid]]) {\n"
        "  ((device float*)y)[i] = ((device const half*)(x + 2 * i))[0] + 1; }\n"
    )
    x = mx.array([1.5, 2.5, -3], mx.float16)
    done = emulate(text, (3, 1, 1), (3, 1, 1), {"x": x, "y": Output((3,), mx.float32)})
    assert done.outputs["y"].tolist() == [2.5, 3.5, -2]
    assert not done.reports
    with pytest.raises(KvistError, match="need `x` of short"):
        emulate(
            text.replace("const char* x", "const short* x"),
            (3, 1, 1),
            (3, 1, 1),
            {"x": x, "y": Output((3,), mx.float32)},
        )


def test_kernels_that_do_not_run_make_no_code():
    """A file of hundreds would take seconds to compile for each."""
    text = HEAD + KERNEL + "template <typename T> kernel void f(device T* y) { y[0] = 1; }\n"
    text += 'template [[host_name("g")]] kernel void f<half>(device half* y);\n'
    text += '[[host_name("h")]] kernel void h(device float* y [[buffer(0)]]) { y[0] = 1; }\n'
    made = rewrite(text, "k.metal")
    assert made.count("static void") == 3
    assert "template" in made


def test_headers_of_mlx_are_found_by_themselves(emulator):
    text = '#include "mlx/backend/metal/kernels/utils.h"\n#ifdef instantiate_kernel\n'
    text += "template <typename T> [[kernel]] void f(device T* y [[buffer(0)]]) { y[0] = T(2); }\n"
    text += 'instantiate_kernel("f_bf16", f, bfloat16_t)\n#endif\n'
    done = emulate(text, (1, 1, 1), (1, 1, 1), {"y": Output((1,), mx.bfloat16)}, name="f_bf16")
    assert done.outputs["y"].tolist() == [2.0]


def test_an_index_may_be_a_sum(emulator):
    text = HEAD + (
        "#define BASE 20\nconstant int first [[function_constant(BASE + 0)]];\n"
        "constant int second [[function_constant((BASE + 2) - 1)]];\n"
        "kernel void k(device int* a [[buffer(BASE - 17)]], device int* b [[buffer(BASE - 18)]]) {\n"
        "  a[0] = first; b[0] = second; }\n"
    )
    out = {"a": Output((1,), mx.int32), "b": Output((1,), mx.int32)}
    done = emulate(text, (1, 1, 1), (1, 1, 1), out, constants={20: 5, "21": 7})
    assert {name: y.tolist() for name, y in done.outputs.items()} == {"a": [5], "b": [7]}
