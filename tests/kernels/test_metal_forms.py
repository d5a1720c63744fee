"""Guards forms of Metal sources: types of <simd/simd.h>, references to arrays, instances, brackets."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.metal import Output, emulate
from kvist.metal.layouts import struct_layout
from kvist.metal.lint import lint
from kvist.metal.simd_types import declarations, metal_name

pytestmark = pytest.mark.usefixtures("emulator")
HEAD = "#include <metal_stdlib>\n#include <simd/simd.h>\nusing namespace metal;\n"
X = np.arange(8, dtype=np.float32)


def test_types_of_simd_h():
    source = f"""{HEAD}
typedef struct {{ vector_float2 position; simd_packed_float3 normal; vector_ushort4 ids; }} Vertex;
kernel void k(device const Vertex* v [[buffer(0)]], device const simd_float4* x [[buffer(1)]],
              constant matrix_float4x4& m [[buffer(2)]], device float* out [[buffer(3)]]) {{
  simd_uint2 n = vector_uint2(v[0].ids.xy);
  simd::float2 p = v[0].position;
  out[0] = v[0].position.y + v[0].normal.z + n.y;
  out[1] = (m * x[1]).w;
  out[2] = p.x + simd_half3(2).z;
}}
"""
    layout = struct_layout(source, "Vertex")
    assert layout is not None
    assert dict(layout.offsets) == {"position": 0, "normal": 8, "ids": 24}
    fields = {"names": ["position", "normal", "ids"], "formats": [("f4", 2), ("f4", 3), ("u2", 4)]}
    vertex = np.zeros((), np.dtype(fields | {"offsets": [0, 8, 24], "itemsize": layout.size}))
    vertex["position"], vertex["normal"], vertex["ids"] = (1, 2), (3, 4, 5), (6, 7, 8, 9)
    buffers = {"v": vertex, "x": X, "m": 2 * np.eye(4, dtype=np.float32), "out": Output(3, "float32")}
    done = emulate(source, 1, 1, buffers)
    assert not done.reports
    assert done.outputs["out"].tolist() == [2 + 5 + 7, 14, 3]
    assert lint(source).problems == ()


def test_names_of_simd_h_are_declared_where_they_are_used():
    assert metal_name("simd::float4x4") == metal_name("matrix_float4x4") == "float4x4"
    assert metal_name("simd_packed_half3") == "packed_half3"
    assert metal_name("simd_sum") == "simd_sum"
    assert declarations("simd_float1 a; vector_int3 b;") == (
        "using simd_float1 = float; using vector_int3 = metal::int3;"
    )
    assert declarations("typedef packed_float3 vector_float3; vector_float3 x;") == ""


def test_references_and_pointers_to_threadgroup_arrays():
    source = f"""{HEAD}
float third(threadgroup float (&t)[4]) {{ return t[2]; }}
float last(const threadgroup float (*rows)[4], int n) {{ return rows[n - 1][3]; }}
kernel void k(device float* out [[buffer(0)]]) {{
  threadgroup float a[4], rows[2][4];
  a[2] = 5;
  rows[1][3] = 6;
  rows[1][2] = 7;
  threadgroup float (*p)[4] = rows;
  threadgroup float (&row)[4] = rows[1];
  out[0] = third(a), out[1] = last(rows, 2), out[2] = p[1][2], out[3] = row[2];
}}
"""
    done = emulate(source, 1, 1, {"out": Output(4, "float32")})
    assert not done.reports
    assert done.outputs["out"].tolist() == [5, 6, 7, 7]


SCALE = f"""{HEAD}
template <typename T, int N> [[kernel]] void scale(device const float* x, device float* y,
                                                   uint i [[thread_position_in_grid]]) {{
  y[i] = float(T(x[i])) * N;
}}
"""
TWICE = 'template [[host_name("{}")]] [[kernel]] decltype(scale<half, {n}>) scale<half, {n}>;\n'


def scaled(source: str, **options) -> float:
    done = emulate(source, 8, 8, {"x": X, "y": Output(8, "float32")}, **options)
    return done.outputs["y"][3].item()


def test_an_instance_may_have_the_name_of_its_template():
    source = SCALE + TWICE.format("scale", n=2)
    assert scaled(source, name="scale") == 6
    assert scaled(source) == 6  # the only one there is
    assert scaled(source, template={"T": mx.float32, "N": 3}) == 9


def test_an_instance_has_to_be_chosen_where_there_are_several():
    source = SCALE + TWICE.format("double", n=2) + TWICE.format("triple", n=3)
    assert scaled(source, name="triple") == 9
    with pytest.raises(KvistError, match=r"one type for template parameter T.*: double, triple"):
        scaled(source)


def test_the_only_instance_gives_way_to_the_types_of_the_buffers():
    source = f"""{HEAD}
template <typename T>
[[kernel]] void copy(device const T* x, device float* y, uint i [[thread_position_in_grid]]) {{
  y[i] = x[i];
}}
template [[host_name("copy_half")]] [[kernel]] decltype(copy<half>) copy<half>;
"""
    assert scaled(source) == 3


def test_reports_name_the_field_of_a_struct():
    source = f"""{HEAD}
struct Part {{ uchar a; half b[2]; }};
struct Tile {{ float d[64]; uint n; Part parts[4]; }};
kernel void k(device const Tile* t, device float* out, uint i [[thread_position_in_grid]]) {{
  threadgroup Tile tile;
  if (i == 0) tile.n = 64;
  out[i] = tile.n;
  out[i] += tile.parts[2].b[1];
  out[i] += t[i == 5 ? 1 : 0].d[9];
}}
"""
    done = emulate(source, 64, 64, {"t": np.zeros(71, np.float32), "out": Output(64, "float32")})
    said = {r.line: r.message for r in done.reports}
    assert said[10].startswith("threadgroup memory tile.n is read by thread")
    assert said[11].startswith("threadgroup memory tile.parts[2].b[1] is read")
    assert said[12].startswith("read of t[1].d[9] by thread (5, 0, 0)")


@pytest.mark.parametrize(
    ("text", "line", "need"),
    [
        ("\nkernel void f(", 2, "closes this `(`"),
        ("\nkernel void k(device float* o) {\n  o[0] = (1;\n}\n", 3, "closes this `(`"),
        ("kernel void k(device float* o) {\n  o[0] = 1;\n}\n}\n", 4, "that this `}` closes"),
    ],
)
def test_an_open_bracket_is_named_with_its_line(text, line, need):
    with pytest.raises(KvistError) as caught:
        emulate(text, 1, 1, {"o": Output(1, "float32")})
    assert caught.value.where == f"kernel.metal:{line}"
    assert need in caught.value.need
