"""Guards barriers: a missing one gives wrong values under some order, a divergent one is an error."""

from collections.abc import Iterator

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.metal import Output, emulate, kernel_path
from kvist.ops import rms_norm

pytestmark = pytest.mark.usefixtures("emulator")

BARRIER = "  threadgroup_barrier(mem_flags::mem_threadgroup);\n"
ORDERS = [("forward", 0), ("reverse", 0), *(("random", seed) for seed in range(4))]


def errors_by_order(source: str) -> Iterator[float]:
    """Largest error of rms_norm over 4 SIMD-groups, for each order; unwritten memory counts as infinite."""
    x = mx.random.normal((3, 500), key=mx.random.key(0))
    weight = mx.random.normal((500,), key=mx.random.key(1))
    want = np.array(rms_norm(x, weight, implementation="reference"))
    buffers = {"x": x, "weight": weight, "eps": 1e-6, "dim": 500, "out": Output(x.shape, mx.float32)}
    for order, seed in ORDERS:
        done = emulate(source, (128, 3, 1), (128, 1, 1), buffers, order=order, seed=seed)
        yield float(np.nan_to_num(np.abs(np.array(done.outputs["out"]) - want), nan=np.inf).max())


def test_the_kernel_is_right_in_every_order():
    assert max(errors_by_order(kernel_path("rms_norm").read_text())) < 1e-5


def test_without_its_barrier_the_kernel_is_wrong():
    """Whichever SIMD-group runs first reads sums that the others have not written yet."""
    source = kernel_path("rms_norm").read_text()
    assert source.count(BARRIER) == 1
    assert min(errors_by_order(source.replace(BARRIER, "\n"))) > 0.1


def test_a_sum_over_one_simdgroup_only_is_wrong_in_every_order():
    """simd_sum reaches 32 lanes: without the second step three quarters of the row are lost."""
    source = kernel_path("rms_norm").read_text()
    mutant = source.replace("simd_sum(lane < simdgroups_per_threadgroup ? sums[lane] : 0.0)", "sum")
    assert mutant != source
    assert min(errors_by_order(mutant)) > 0.1


def run(body: str, threads: int = 64) -> None:
    source = f"""[[kernel]] void k(device int* out, uint i [[thread_index_in_threadgroup]]) {{
{body}
  out[i] = 1;
}}
"""
    emulate(source, (threads, 1, 1), (threads, 1, 1), {"out": Output((threads,), mx.int32)}, check=False)


def test_a_barrier_in_a_branch_is_an_error():
    with pytest.raises(KvistError) as caught:
        run("  if (i < 40) {\n    metal::threadgroup_barrier(metal::mem_flags::mem_none);\n  }")
    message = str(caught.value)
    assert message.startswith("[kernel.metal:3] need no divergent barrier, got 40 of 64 threads")
    assert "thread (40, 0, 0) has returned" in message


def test_a_return_before_a_barrier_is_an_error():
    with pytest.raises(
        KvistError, match=r"kernel.metal:3\] .* got 63 of 64 .* thread \(63, 0, 0\) has returned at line 2"
    ):
        run("  if (i == 63) return;\n  metal::threadgroup_barrier(metal::mem_flags::mem_none);")


def test_two_barriers_in_two_branches_are_an_error():
    """Each thread reaches a barrier, but not the same one: a GPU hangs or corrupts memory."""
    call = "metal::threadgroup_barrier(metal::mem_flags::mem_none);"
    with pytest.raises(
        KvistError, match=r"got 32 of 64 .* thread \(32, 0, 0\) waits at the barrier at line 3"
    ):
        run(f"  if (i < 32) {call}\n  else {call}")


def test_a_barrier_in_a_uniform_loop_opens_each_time():
    source = """[[kernel]] void rotate_right(device int* out, uint i [[thread_index_in_threadgroup]]) {
      threadgroup int ring[64];
      ring[i] = int(i);
      for (int turn = 0; turn < 5; ++turn) {
        metal::threadgroup_barrier(metal::mem_flags::mem_threadgroup);
        const int left = ring[(i + 63) % 64];
        metal::threadgroup_barrier(metal::mem_flags::mem_threadgroup);
        ring[i] = left;
      }
      out[i] = ring[i];
    }
    """
    for order, seed in ORDERS:
        buffers = {"out": Output((64,), mx.int32)}
        done = emulate(source, (64, 1, 1), (64, 1, 1), buffers, order=order, seed=seed)
        assert done.outputs["out"].tolist() == [(i - 5) % 64 for i in range(64)]
        assert done.counters.barriers == 10
