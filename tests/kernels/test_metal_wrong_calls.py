"""Guards calls that would run something else than was meant: numbers that do not fit, names, sizes."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from kvist.cli import main
from kvist.errors import KvistError
from kvist.metal import Output, emulate

pytestmark = pytest.mark.usefixtures("emulator")

FILL = """
#include <metal_stdlib>
using namespace metal;
kernel void fill(device float* y, constant uint& n, uint i [[thread_position_in_grid]]) {
  if (i < n) y[i] = 1;
}
"""
SUM3 = """
#include <metal_stdlib>
using namespace metal;
kernel void sum3(device uint* y, constant uint3& s, uint i [[thread_position_in_grid]]) {
  y[i] = s.x + s.y + s.z;
}
"""
SCALE = """
#include <metal_stdlib>
using namespace metal;
template <typename T, int N>
kernel void scale(device T* y [[buffer(0)]], uint i [[thread_position_in_grid]]) { y[i] = N; }
template [[host_name("scale_4")]] kernel void scale<float, 4>(device float*, uint);
"""
CROSS = """
#include <metal_stdlib>
using namespace metal;
kernel void k(device float4* y, device const float4* a, device packed_float3* p) {
  y[0] = float4(cross(a[0].xyz, a[1].xyz), cross(float3(1, 0, 0), a[0].yzx).y);
  p[0] = packed_float3(1, 2, 3);
  y[1] = float4(cross(p[0], p[0]), cross(p[0], a[1].xyz).x);
}
"""


@pytest.mark.parametrize(
    ("value", "need"),
    [(1.5, "whole numbers"), (-1, "numbers that uint holds"), (2**32 + 50, "numbers that uint")],
)
def test_a_number_that_does_not_fit_is_refused(value: float, need: str) -> None:
    with pytest.raises(KvistError) as caught:
        emulate(FILL, 8, 8, {"y": Output((8,), mx.float32), "n": value})
    assert need in caught.value.need and caught.value.got == repr(value)
    assert emulate(FILL, 8, 8, {"y": Output((8,), mx.float32), "n": 8.0}).outputs["y"].sum().item() == 8


@pytest.mark.parametrize(
    ("given", "works"), [([1, 2], False), ([1, 2, 3], True), ([1, 2, 3, 0], True), ([1] * 5, False)]
)
def test_a_vector_takes_as_many_numbers_as_it_has(given: list[int], works: bool) -> None:
    buffers = {"y": Output((1,), mx.uint32), "s": np.array(given, np.uint32)}
    if works:
        assert emulate(SUM3, 1, 1, buffers).outputs["y"].item() == 6
        return
    with pytest.raises(KvistError) as caught:
        emulate(SUM3, 1, 1, buffers)
    assert caught.value.need == "3 numbers for `s`, which is constant uint3&" and caught.value.got == str(
        len(given)
    )


@pytest.mark.parametrize("place", ["[[max_total_threads_per_threadgroup(64)]] kernel", "kernel"])
def test_a_kernel_that_wants_fewer_threads_is_heard(place: str) -> None:
    text = FILL.replace("kernel", place, 1)
    if place == "kernel":
        text = text.replace("void fill", "[[max_total_threads_per_threadgroup(64)]] void fill")
    buffers = {"y": Output((128,), mx.float32), "n": 128}
    assert not emulate(text, 128, 64, buffers).reports
    with pytest.raises(KvistError, match="need at most 64 threads in a threadgroup, got 128"):
        emulate(text, 128, 128, buffers)


def test_the_arguments_of_a_named_instance_stand() -> None:
    buffers = {"y": Output((4,), mx.float32)}
    assert emulate(SCALE, 4, 4, buffers, name="scale_4").outputs["y"].tolist() == [4] * 4
    assert emulate(SCALE, 4, 4, buffers, name="scale", template={"N": 5}).outputs["y"].tolist() == [5] * 4
    with pytest.raises(
        KvistError, match="no template arguments for scale_4, which is scale<float, 4>, got N=5"
    ):
        emulate(SCALE, 4, 4, buffers, name="scale_4", template={"N": 5})


def test_cross_takes_what_stands_for_a_vector() -> None:
    a = np.array([[1, 2, 3, 9], [4, 5, 6, 9]], np.float32)
    made = emulate(CROSS, 1, 1, {"y": Output((8,), mx.float32), "a": a, "p": Output((3,), mx.float32)})
    want = [*np.cross(a[0, :3], a[1, :3]), np.cross([1, 0, 0], a[0, [1, 2, 0]])[1]]
    want += [0, 0, 0, np.cross([1, 2, 3], a[1, :3])[0]]
    assert made.outputs["y"].tolist() == want and not made.reports


def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fill.metal").write_text(FILL, "utf-8")
    call = [
        "metal",
        "run",
        str(tmp_path / "fill.metal"),
        "--grid",
        "8",
        "--threadgroup",
        "8",
        "--buffer",
        "n=8",
    ]
    call += ["--save", str(tmp_path), "--out", "y=float32:8"]
    assert main([*call, "--no-check"]) == 0
    assert capsys.readouterr().out.endswith("nothing was checked\n")
    assert main(call) == 0
    assert capsys.readouterr().out.endswith("nothing wrong found\n")
    assert main([*call, "--out", "y=float32:4"]) == 2
    assert "need one value for y, got two" in capsys.readouterr().err
