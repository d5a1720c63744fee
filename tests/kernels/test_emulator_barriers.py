"""Guards barriers: a missing one gives wrong values under some order, a divergent one is an error."""

from collections.abc import Iterator

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.metal import Emulation, Output, emulate, kernel_path
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


def run(body: str, threads: int = 64, check: bool = False, head: str = "") -> Emulation:
    source = f"""{head}[[kernel]] void k(device int* out, uint i [[thread_index_in_threadgroup]]) {{
{body}
  out[i] = 1;
}}
"""
    buffers = {"out": Output((threads,), mx.int32)}
    done = emulate(source, (threads, 1, 1), (threads, 1, 1), buffers, check=check)
    for report in done.reports:
        if report.kind == "divergent_barrier":
            raise report.error()
    return done


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


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("tail", ["", "\n"])
def test_two_barriers_whose_code_is_equal_are_two_barriers(tail, check):
    """An optimiser makes one call of both ends; on one line they differ by their columns only."""
    call = f"{tail} metal::threadgroup_barrier(metal::mem_flags::mem_device);"
    body = f"if (i < 32) {{ out[i] = 1;{call} }} else {{ out[i] = 2;{call} }}"
    message = "32 of 64 threads .* waits at (another barrier of this line|the barrier at line 4)"
    with pytest.raises(KvistError, match=message):
        run(body, check=check)


@pytest.mark.parametrize("check", [True, False])
def test_two_barriers_of_a_macro_are_two_barriers(check):
    macro = "#define WAIT metal::threadgroup_barrier(metal::mem_flags::mem_none)\n"
    with pytest.raises(KvistError, match="another barrier of this line"):
        run("if (i < 32) WAIT; else WAIT;", check=check, head=macro)


def test_two_simd_functions_in_two_branches_of_a_line_are_told_apart():
    body = "out[i] = i % 32 < 16 ? metal::simd_sum(1) : metal::simd_sum(100);"
    report = run(body, check=True).reports[0]
    assert report.kind == "divergent_simd"
    assert "executed by 16 of 32 lanes" in report.message
    assert "waits at another call of this line" in report.message


ONE_PLACE = {
    "a loop": "for (int n = 0; n < 3; ++n) { WAIT; WAIT; }",
    "an unrolled loop": '_Pragma("clang loop unroll(full)") for (int n = 0; n < 3; ++n) { WAIT; }',
    "a helper": "helper(out, i); helper(out, i);",
    "a helper that is always inlined": "inlined(out, i); inlined(out, i); ",
    "a template": "general<int>(out, i); general<float>(out, i);",
    "a lambda": "auto wait = [&] { WAIT; }; wait(); wait();",
    "turns of its own after it": "WAIT; if (i < 32) { out[i] = 2; } else { out[i] = 3; } WAIT;",
    "sums of a line": "out[i] = metal::simd_sum(1) + metal::simd_sum(2); WAIT;",
}
HELPERS = """#define WAIT metal::threadgroup_barrier(metal::mem_flags::mem_device)
void helper(device int* out, uint i) { if (i < 32) out[i] = 1; WAIT; }
inline __attribute__((always_inline)) void inlined(device int* out, uint i) { out[i] = 1; WAIT; }
template <typename T> void general(device int* out, uint i) { out[i] = int(T(1)); WAIT; }
"""


@pytest.mark.parametrize("name", ONE_PLACE)
def test_threads_at_one_place_are_together(name):
    assert not run(ONE_PLACE[name], check=True, head=HELPERS).reports


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
