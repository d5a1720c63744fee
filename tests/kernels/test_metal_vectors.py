"""Guards vectors and matrices of the stand-in library: constant ones, steps, and what MSL does not have."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.metal import Output, emulate
from kvist.metal.rewrite import rewrite

pytestmark = pytest.mark.usefixtures("emulator")

HEAD = """#include <metal_stdlib>
using namespace metal;
{head}
kernel void k(device float* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {{
{body}
}}
"""


def run(head: str, body: str, size: int = 1) -> list[float]:
    source = HEAD.format(head=head, body=body)
    done = emulate(source, 1, 1, {"out": Output((size,), mx.float32)})
    assert not done.reports
    return np.array(done.outputs["out"]).tolist()


CONSTANTS = {
    "constant constexpr float4 C0 = float4(1.0f, 2.0f, 3.0f, 4.0f);": ("C0.w", 4),
    "constant constexpr float C1 = C0.z;": ("C1", 3),
    "constant constexpr float C2 = C0[1];": ("C2", 2),
    "constant constexpr half4 C3[2] = {{1, 2, 3, 4}, {5, 6, 7, 8}};": ("C3[1].y", 6),
    "constant constexpr uint3 C4 = uint3(7);": ("C4.z", 7),
    "constant constexpr float4 C5 = float4(float3(2), 4);": ("C5.z + C5.w", 6),
    "constant constexpr float2 C6 = float2(1, 2) * 2.0f + 1;": ("C6.y", 5),
    "constant constexpr float2 C7 = C0.zw;": ("C7.y", 4),
    "constexpr float2 two(float a) { return {a, a * 2}; }\nconstant constexpr float2 C8 = two(3);": (
        "C8.y",
        6,
    ),
    "constant constexpr float2x2 C9 = float2x2(1, 2, 3, 4);": ("C9[1].x", 3),
    "constant constexpr packed_float3 CA = packed_float3(1, 2, 3);": ("CA.z", 3),
    "constant constexpr bfloat CB = 2.5bf;": ("float(CB)", 2.5),
    "constant constexpr bool2 CC = int2(1, 2) > int2(0, 5);": ("CC.x ? 1 : 0", 1),
    "constant float3x3 CD = float3x3(float3(1, 2, 3), float3(4, 5, 6), float3(7, 8, 9));": ("CD[2].y", 8),
    'static_assert(C6.x == 3.0f && C4[1] == 7u, "known to the compiler");': ("1", 1),
}


def test_constant_vectors_and_matrices():
    lines = "\n".join(f"  out[{n}] = {expression};" for n, (expression, _) in enumerate(CONSTANTS.values()))
    got = run("\n".join(CONSTANTS), lines, len(CONSTANTS))
    assert got == [value for _, value in CONSTANTS.values()]


def test_a_constant_made_from_a_swizzle_is_const():
    text = rewrite(
        "constexpr float2 b = a.xy; constexpr float c = a.x; constexpr int f() { return v.xy.x; }", "k"
    )
    assert text.startswith("const float2 b")
    assert "constexpr float c" in text
    assert "constexpr int f" in text


EXPRESSIONS = {
    "constexpr uint2 c(2, 4);": ("c.y", 4),
    "int2 d = 3; int2 e = d++;": ("d.y * 10 + e.y", 43),
    "float3 f = 2; f--; ++f.x; f.yz++;": ("f.x * 10 + f.z", 22),
    "float2x2 g = float2x2(1, 0, 0, 1); g = float2x2(half2x2(1, 2, 3, 4));": ("g[1][1]", 4),
    "bfloat h = 1bf + 2.0bf;": ("float(h)", 3),
    "packed_float3 p = float3(1, 2, 3).zyx; p += p; packed_float3 q = p + float3(1);": ("q.x * 10 + q.z", 73),
    "float3 r = float3(packed_int3(1, 2, 3)) + float3(int3(1)) + float3(half3(2));": ("r.z", 6),
    "uint4 s = uint4(1) << int4(3); int3 t = int3(-8) >> 1u;": ("s.w * 10 + -t.x", 84),
    "half2 u = half2(1) * 2.0f; u = 3 - u; float2 v = 2 * float2(1, 2);": ("float(u.x) + v.y", 5),
    "float3 w = select(float3(1), float3(4), bool3(true, false, true));": ("w.x * 10 + w.y", 41),
    "float2 x = pow(float2(2), 3.0f); x = clamp(x, 0.0f, 4.0f); x.xy *= 2;": ("x.y", 8),
    "bool3 y = !bool3(false) && (int3(1, 2, 3) > 1 | bool3(true));": ("all(y) ? 1 : 0", 1),
    "float2x2 m = 2 * float2x2(1, 2, 3, 4) * 2; float3 n = 1;": (
        "(m * n.xy).y + (packed_float2(n.xy) * m).x",
        36,
    ),
    "float4 z = {1, 2, 3, 4}; float4 zz = {}; zz = i ? z : 4.0f;": ("z.w + zz.x", 8),
}


def test_vectors_that_are_not_constant():
    lines = [f"  {{ {code} out[{n}] = {e}; }}" for n, (code, (e, _)) in enumerate(EXPRESSIONS.items())]
    assert run("", "\n".join(lines), len(EXPRESSIONS)) == [value for _, value in EXPRESSIONS.values()]


REFUSED = [
    ("float4 v = float4(1, 2, 3); out[i] = v.w;", "too few components"),
    ("float4 v = float4(1, 2, 3, 4, 5); out[i] = v.w;", "too many components"),
    ("out[i] = (int2(1) + float2(2.5f)).x;", "operator"),
    ("int3 a = 1; float3 f = a; out[i] = f.x;", "conversion"),
    ("out[i] = dot(int2(1), int2(2));", "dot"),
]
ALSO_REFUSED = [
    ("float4 v = float4(float3(1), float3(2)); out[i] = v.w;", "too many components"),
    ("packed_float3 v = packed_float3(1, 2); out[i] = v.x;", "too few components"),
    ("out[i] = all(int2(1) < float2(2.5f));", "operator"),
    ("out[i] = (uint2(1) + int2(2)).x;", "operator"),
    ("float2 v = 1; v += int2(1); out[i] = v.x;", "operator"),
    ("half2 h = half2(1); float2 f = h; out[i] = f.x;", "conversion"),
    ("packed_float3 p = int3(1); out[i] = p.x;", "conversion"),
    ("float2 v = 0; v = int2(1).yx; out[i] = v.x;", "operator="),
    ("out[i] = max(float2(1), half2(2)).x;", "max"),
    ("out[i] = (float2(1) + float3(2)).x;", "operator"),
]


@pytest.mark.parametrize(
    ("body", "word"), [*REFUSED, *(pytest.param(*r, marks=pytest.mark.slow) for r in ALSO_REFUSED)]
)
def test_what_metal_does_not_convert_is_refused_with_its_line(body, word):
    with pytest.raises(KvistError) as caught:
        run("", body)
    assert caught.value.where == "kernel.metal:5"
    assert word in caught.value.got
