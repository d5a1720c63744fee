"""Guards what an emulated kernel computes: rms_norm.metal by file and as MLX would run it, in every order."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.metal import Kernel, Output, emulate, kernel_path
from kvist.ops import rms_norm

pytestmark = pytest.mark.usefixtures("emulator")

TOLERANCE = {mx.float32: 2e-6, mx.float16: 2**-8, mx.bfloat16: 2**-5}
ORDERS = [("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)]


def run_file(x: mx.array, weight: mx.array, threads: int, order: str = "forward", seed: int = 0):
    rows, dim = x.shape
    buffers = {"x": x, "weight": weight, "eps": 1e-6, "dim": dim, "out": Output(x.shape, x.dtype)}
    grid, group = (threads, rows, 1), (threads, 1, 1)
    return emulate(kernel_path("rms_norm"), grid, group, buffers, order=order, seed=seed)


def example(rows: int, dim: int, dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    x = mx.random.normal((rows, dim), key=mx.random.key(dim)).astype(dtype)
    return x, mx.random.normal((dim,), key=mx.random.key(7)).astype(dtype)


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize(
    ("rows", "dim", "threads"), [(1, 1, 32), (3, 33, 64), (2, 1000, 96), (2, 700, 1024), (2, 65, 50)]
)
def test_rms_norm_in_every_order(rows, dim, threads, dtype):
    x, weight = example(rows, dim, dtype)
    want = np.array(rms_norm(x, weight, implementation="reference").astype(mx.float32))
    results = [run_file(x, weight, threads, order, seed) for order, seed in ORDERS]
    got = np.array(results[0].outputs["out"].astype(mx.float32))
    np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    for other in results[1:]:  # a correct kernel does not depend on the order, to the last bit
        assert mx.array_equal(other.outputs["out"], results[0].outputs["out"]).item()
        assert other.counters == results[0].counters


def test_counters_are_exact():
    counters = run_file(*example(5, 300, mx.float32), threads=96).counters
    assert counters.threads == 96 * 5
    assert counters.threadgroups == 5
    assert counters.simdgroups == 3 * 5
    assert counters.barriers == 5  # one barrier in the kernel, passed by each threadgroup
    assert counters.simd_operations == 2 * 3 * 5  # two simd_sum, executed by each SIMD-group
    assert counters.threadgroup_bytes == 4 * 32


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
def test_the_text_that_mlx_generates_gives_the_same_bits_as_the_file(dtype):
    x, weight = example(4, 129, dtype)
    (jit,) = Kernel(kernel_path("rms_norm"))(
        inputs=[x, weight, 1e-6, 129],
        grid=(64, 4, 1),
        threadgroup=(64, 1, 1),
        output_shapes=[x.shape],
        output_dtypes=[dtype],
    )
    assert mx.array_equal(jit, run_file(x, weight, 64).outputs["out"]).item()


def test_inputs_may_have_any_strides():
    x, weight = example(6, 64, mx.float32)
    got = run_file(x.T[:8].T[::2], weight[:8], 32).outputs["out"]
    want = rms_norm(mx.array(np.array(x)[::2, :8]), weight[:8], implementation="reference")
    np.testing.assert_allclose(np.array(got), np.array(want), rtol=2e-6, atol=2e-6)


def test_an_output_that_is_not_written_shows_as_nan():
    source = """
    [[kernel]] void half_of_it(device float* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
      if (i % 2 == 0) out[i] = float(i);
    }
    """
    filled = emulate(source, (8, 1, 1), (8, 1, 1), {"out": Output((8,), mx.float32)}).outputs["out"]
    assert mx.isnan(filled).tolist() == [False, True] * 4
    kept = emulate(source, (8, 1, 1), (8, 1, 1), {"out": Output((8,), mx.float32, init=-1)}).outputs["out"]
    assert kept.tolist() == [0, -1, 2, -1, 4, -1, 6, -1]
    in_place = emulate(source, (8, 1, 1), (8, 1, 1), {"out": np.full(8, 9, np.float32)}).outputs["out"]
    assert in_place.tolist() == [0, 9, 2, 9, 4, 9, 6, 9]


def test_an_empty_grid_runs_nothing():
    x = mx.zeros((0, 16))
    result = run_file(x, mx.ones((16,)), 32)
    assert result.outputs["out"].shape == (0, 16)
    assert result.counters.threads == 0


def test_orders_are_orders():
    """Each thread draws a ticket, so the order in which threads and threadgroups ran can be read."""
    source = """
    kernel void draw(device atomic_uint* next, device uint* ticket, uint i [[thread_position_in_grid]]) {
      ticket[i] = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
    }
    """

    def tickets(order: str, seed: int = 0) -> list[int]:
        buffers = {"next": Output((1,), mx.uint32, init=0), "ticket": Output((128,), mx.uint32)}
        return (
            emulate(source, (128, 1, 1), (64, 1, 1), buffers, order=order, seed=seed)
            .outputs["ticket"]
            .tolist()
        )

    assert tickets("forward") == list(range(128))
    assert tickets("reverse") == list(range(128))[::-1]
    shuffled = tickets("random", 1)
    assert sorted(shuffled) == list(range(128))
    assert shuffled == tickets("random", 1)
    assert shuffled not in (tickets("random", 2), tickets("forward"), tickets("reverse"))


def test_threadgroup_memory_starts_as_nan_in_every_threadgroup():
    source = """
    [[kernel]] void leftover(device float* out, uint i [[thread_position_in_grid]],
                             uint local [[thread_position_in_threadgroup]]) {
      threadgroup float memory[4];
      out[i] = memory[local];
      memory[local] = 1;
    }
    """
    out = emulate(source, (12, 1, 1), (4, 1, 1), {"out": Output((12,), mx.float32)}).outputs["out"]
    assert mx.isnan(out).all().item()
