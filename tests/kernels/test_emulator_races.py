"""Guards what a race report rests on: which accesses are remembered, and which two threads it names."""

import mlx.core as mx
import pytest

from kvist.metal import Output, Report, emulate

pytestmark = pytest.mark.usefixtures("emulator")

HEAD = """#include <metal_stdlib>
using namespace metal;
kernel void k(device float* y [[buffer(0)]], device atomic_uint* c [[buffer(1)]],
              uint t [[thread_position_in_grid]], uint i [[thread_index_in_threadgroup]]) {
"""
FIRST = 5  # line of the body
COUNT = "atomic_fetch_add_explicit({0}, 1u, memory_order_relaxed);\n"
FILL = "y[t] = 0;\n"
EMPTY = """threadgroup atomic_uint g[1];
if (i == 0) atomic_store_explicit(g, 0u, memory_order_relaxed);
threadgroup_barrier(mem_flags::mem_threadgroup);
"""
ORDERS = ["forward", "reverse", "random"]


def reports(body: str, order: str = "forward", threads: int = 64) -> tuple[Report, ...]:
    buffers = {"y": Output((threads,), mx.float32, init=0), "c": Output((1,), mx.uint32, init=0)}
    return emulate(
        HEAD + body + "}\n", (threads, 1, 1), (64, 1, 1), buffers, order=order, time_limit=20
    ).reports


# A thread's plain access before or after its own atomic one, and the atomics of all the others.
MIXED = {
    "write before": "if (t == 0) *((device uint*)c) = 5;\n" + COUNT.format("c") + FILL,
    "write after": COUNT.format("c") + "if (t == 63) *((device uint*)c) = 5;\n" + FILL,
    "read before": "y[t] = t == 0 ? *((device uint*)c) : 0;\n" + COUNT.format("c"),
    "read after": COUNT.format("c") + "y[t] = t == 63 ? *((device uint*)c) : 0;\n",
    "write before, threadgroup": EMPTY
    + "if (i == 0) *((threadgroup uint*)g) = 5;\n"
    + COUNT.format("g")
    + FILL,
    "read after, threadgroup": EMPTY + COUNT.format("g") + "y[t] = i == 63 ? *((threadgroup uint*)g) : 0;\n",
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", MIXED)
def test_a_threads_own_atomic_access_hides_no_plain_one(name, order):
    found = reports(MIXED[name], order)
    assert {r.kind for r in found} == {"data_race"}
    assert all(r.thread != r.other_thread for r in found)


@pytest.mark.parametrize("order", ["forward", "reverse"])
def test_a_threads_own_update_hides_no_store(order):
    body = (
        EMPTY + "if (i == 0) atomic_store_explicit(g, 5u, memory_order_relaxed);\n" + COUNT.format("g") + FILL
    )
    assert [r.kind for r in reports(body, order)] == ["atomic_race"]


@pytest.mark.parametrize("order", ORDERS)
def test_plain_and_atomic_accesses_with_a_barrier_between_are_silent(order):
    barrier = "threadgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup);\n"
    body = EMPTY + "if (i == 0) *((device uint*)c) = 5;\n" + barrier + COUNT.format("c") + COUNT.format("g")
    body += barrier + "y[t] = *((device uint*)c) + *((threadgroup uint*)g);\n"
    assert not reports(body, order)


@pytest.mark.parametrize("writer", [0, 1, 31, 32, 63])
@pytest.mark.parametrize("order", ORDERS)
def test_a_writer_that_also_reads_does_not_race_with_itself(writer, order):
    found = reports(f"y[t] = ((device float*)c)[0];\nif (t == {writer}) ((device float*)c)[0] = 5;\n", order)
    assert found
    for report in found:
        assert report.kind == "data_race"
        assert writer in (report.thread[0], report.other_thread[0])
        assert report.thread != report.other_thread
        assert {report.line, report.other_line} == {FIRST, FIRST + 1}


def test_a_thread_alone_races_with_nobody():
    assert not reports("if (t == 7) { y[0] = y[0] + 1; y[0] = 5; }\n")


@pytest.mark.parametrize("body", ["y[0] = 5;\n", "if (t == 0) y[0] = 5;\nif (t) y[t] = y[0];\n"])
def test_the_hint_fits_the_two_threads_of_each_report(body):
    """Threads of two threadgroups race for one element: three distances, a report of its own each."""
    found = reports(body, threads=128)
    assert len(found) == 3
    for report in found:
        apart = report.threadgroup != report.other_threadgroup
        together = not apart and report.thread[0] // 32 == report.other_thread[0] // 32
        one_statement = not apart and report.line == report.other_line
        assert report.hint.startswith("threadgroups of one dispatch") == apart
        assert report.hint.startswith("let one thread write it") == one_statement
        assert ("simdgroup_barrier" in report.hint) == (together and not one_statement)
    assert sum(report.count for report in found) == 127


def test_a_barrier_for_the_other_memory_is_named():
    body = "threadgroup float s[64];\ns[i] = 1;\n"
    body += "threadgroup_barrier(mem_flags::mem_device);\ny[t] = s[63 - i];\n"
    (report,) = reports(body)
    assert (
        report.hint
        == "the threadgroup_barrier between the two has other mem_flags: it needs mem_flags::mem_threadgroup"
    )
    assert (
        "put threadgroup_barrier"
        in reports(body.replace("threadgroup_barrier(mem_flags::mem_device);", ""))[-1].hint
    )
    assert not reports(body.replace("mem_device", "mem_threadgroup"))
