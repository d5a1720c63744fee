"""Guards the detectors: correct kernels are right and silent in every order, mistakes are reported."""

from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from kvist.metal import Emulation, Output, emulate

pytestmark = pytest.mark.usefixtures("emulator")

FOLDER = Path(__file__).parent / "metal"
ORDERS = [("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)]
RNG = np.random.default_rng(0)
FLOAT, INT, UINT, HALF = mx.float32, mx.int32, mx.uint32, mx.float16


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


X, SQUARE, A, B = real(3, 500), real(21, 37), real(20, 35), real(35, 27)
BYTES = RNG.integers(0, 256, 300).astype(np.uint8)
WHOLE = RNG.integers(-9, 9, 224).astype(np.int32)
SETTINGS = np.zeros(1, np.dtype([("scale", np.float32, 3), ("count", np.uint32)]))
SETTINGS["scale"], SETTINGS["count"] = (1, 2, 3), 10


def moving_average(x: np.ndarray) -> np.ndarray:
    for _ in range(8):
        x = 0.5 * (x + np.roll(x, -1))
    return x


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# file: grid, threadgroup, buffers, expected values of the outputs
Case = tuple[tuple[int, int, int], tuple[int, int, int], dict, dict]
CASES: dict[str, Callable[[], Case]] = {
    "tree_sum": lambda: (
        (384, 1, 1),
        (128, 1, 1),
        {"x": X, "out": Output((3,), FLOAT), "n": 500},
        {"out": X.sum(1)},
    ),
    "tiled_matmul": lambda: (
        (32, 32, 1),
        (16, 16, 1),
        {"a": A, "b": B, "c": Output((20, 27), FLOAT), "size": np.array([20, 27, 35], np.uint32)},
        {"c": A @ B},
    ),
    "softmax": lambda: (
        (288, 1, 1),
        (96, 1, 1),
        {"x": X, "out": Output(X.shape, FLOAT), "n": 500},
        {"out": softmax(X)},
    ),
    "transpose": lambda: (
        (48, 32, 1),
        (16, 16, 1),
        {"x": SQUARE, "out": Output((37, 21), FLOAT), "size": np.array([37, 21], np.uint32)},
        {"out": SQUARE.T},
    ),
    "histogram": lambda: (
        (320, 1, 1),
        (64, 1, 1),
        {"x": BYTES, "bins": Output((16,), UINT, init=0), "n": 300},
        {"bins": np.bincount(BYTES % 16, minlength=16)},
    ),
    "scan": lambda: (
        (224, 1, 1),
        (224, 1, 1),
        {"x": WHOLE, "out": Output((224,), INT)},
        {"out": WHOLE.cumsum()},
    ),
    "shuffle_sum": lambda: (
        (128, 1, 1),
        (64, 1, 1),
        {"x": X[0, :512].repeat(2)[:512], "out": Output((4,), FLOAT)},
        {"out": X[0, :512].repeat(2)[:512].reshape(4, 128).sum(1)},
    ),
    "double_buffer": lambda: (
        (64, 1, 1),
        (64, 1, 1),
        {"x": X[0, :64].copy(), "out": Output((64,), FLOAT)},
        {"out": moving_average(X[0, :64])},
    ),
    "handoff": lambda: (
        (128, 1, 1),
        (64, 1, 1),
        {"x": X[1, :128].astype(np.float16), "out": Output((128,), HALF), "n": 128},
        {"out": X[1, :128].astype(np.float16).reshape(4, 32)[:, ::-1].reshape(-1)},
    ),
    "compare_exchange": lambda: (
        (128, 1, 1),
        (64, 1, 1),
        {"x": np.abs(X[0, :100]), "most": Output((1,), UINT, init=0), "n": 100},
        {"most": np.abs(X[0, :100]).max(keepdims=True).view(np.uint32)},
    ),
    "vectors": lambda: (
        (16, 1, 1),
        (16, 1, 1),
        {
            "x": X[0, :40].copy(),
            "out": Output((10, 4), FLOAT),
            "settings": SETTINGS,
            "firsts": Output((10, 3), FLOAT),
        },
        {
            "out": X[0, :40].reshape(10, 4) * (1, 2, 3, 1),
            "firsts": X[0, :40].reshape(10, 4)[:, :3] * (1, 2, 3),
        },
    ),
    "simdgroup_matmul": lambda: (
        (64, 2, 1),
        (32, 1, 1),
        {"a": A[:16, :16].copy(), "b": B[:16, :16].copy(), "c": Output((16, 16), FLOAT), "n": 16},
        {"c": A[:16, :16] @ B[:16, :16]},
    ),
}


def run(name: str, old: str = "", new: str = "", order: str = "forward", seed: int = 0) -> Emulation:
    text = (FOLDER / f"{name}.metal").read_text()
    assert old in text, f"{name}.metal has no {old!r}"
    grid, threadgroup, buffers, _ = CASES[name]()
    return emulate(
        text.replace(old, new) if old else text,
        grid,
        threadgroup,
        buffers,
        order=order,
        seed=seed,
        time_limit=20,
    )


@pytest.mark.parametrize("name", CASES)
def test_correct_kernels_are_right_and_silent_in_every_order(name):
    want = CASES[name]()[3]
    for order, seed in ORDERS:
        done = run(name, order=order, seed=seed)
        assert not done.reports, "\n".join(map(str, done.reports))
        for key, value in want.items():
            np.testing.assert_allclose(np.array(done.outputs[key]), value, rtol=2e-5, atol=2e-5)


BARRIER = "  threadgroup_barrier(mem_flags::mem_threadgroup);"
RACE = {"data_race", "uninitialized_read"}
# file, text, in its place, kinds of which one has to be reported
MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "no barrier before a tree": ("tree_sum", BARRIER + "\n  for", "  for", RACE),
    "no barrier in a tree": ("tree_sum", BARRIER + "\n  }", "  }", {"data_race"}),
    "barrier for device memory only": ("tree_sum", "mem_threadgroup);\n  for", "mem_device);\n  for", RACE),
    "barrier in the branch": (
        "tree_sum",
        "if (t < step) sums[t] += sums[t + step];\n    threadgroup_barrier(mem_flags::mem_threadgroup);",
        "if (t < step) { sums[t] += sums[t + step]; threadgroup_barrier(mem_flags::mem_threadgroup); }",
        {"divergent_barrier"},
    ),
    "array too short": ("tree_sum", "sums[128]", "sums[120]", {"out_of_bounds"}),
    "reads one row too far": ("tree_sum", "x[row * n + i]", "x[(row + 1) * n + i]", {"out_of_bounds"}),
    "all threads store": ("tree_sum", "if (t == 0) out[row]", "out[row]", {"data_race"}),
    "one row not stored": ("tree_sum", "if (t == 0)", "if (t == 0 && row > 0)", {"unwritten_output"}),
    "tile not filled": (
        "tiled_matmul",
        "    threadgroup_barrier(mem_flags::mem_threadgroup);  // filled\n",
        "",
        RACE,
    ),
    "tile still in use": (
        "tiled_matmul",
        "    threadgroup_barrier(mem_flags::mem_threadgroup);  // used\n",
        "",
        {"data_race"},
    ),
    "guard of rows missing": ("tiled_matmul", "row < size.m && k", "k", {"out_of_bounds"}),
    "guard of the store missing": (
        "tiled_matmul",
        "if (row < size.m && column < size.n) c",
        "c",
        {"out_of_bounds", "data_race"},
    ),
    "tiles of 96": ("tiled_matmul", "float left[TILE][TILE]", "float left[96][96]", {"threadgroup_memory"}),
    "return before the barrier": (
        "tiled_matmul",
        "  float sum = 0;",
        "  if (row >= size.m) return;\n  float sum = 0;",
        {"divergent_barrier"},
    ),
    "grid of A not padded": ("tiled_matmul", "k + at.x < size.k ? a", "true ? a", {"out_of_bounds"}),
    "maxima not waited for": ("softmax", BARRIER + "  // most\n", "", RACE),
    "sums not waited for": ("softmax", BARRIER + "  // sums\n", "", RACE),
    "one array for both": (
        "softmax",
        "if (lane == 0) sums[group] = sum;",
        "if (lane == 0) most[group] = sum;",
        RACE,
    ),
    "every lane stores": ("softmax", "if (lane == 0) most", "most", {"data_race"}),
    "reads 32 maxima": ("softmax", "lane < groups ? most[lane] : -INFINITY", "most[lane]", RACE),
    "off by one": (
        "softmax",
        "i < n; i += width) out",
        "i <= n; i += width) out",
        {"out_of_bounds", "data_race"},
    ),
    "sum in a branch": (
        "softmax",
        "sum = simd_sum(sum);",
        "if (lane < 16) sum = simd_sum(sum);",
        {"divergent_simd"},
    ),
    "tail not stored": (
        "softmax",
        "i < n; i += width) out",
        "i < n - 7; i += width) out",
        {"unwritten_output"},
    ),
    "write to the input": (
        "softmax",
        "out[i] = T(",
        "const_cast<device T*>(x)[i] = T(0), out[i] = T(",
        {"write_to_input"},
    ),
    "tile not waited for": ("transpose", BARRIER + "\n", "", RACE),
    "row of 16 in a tile of 17": (
        "transpose",
        "at.x * 17 + at.y",
        "at.x * 17 + at.y + 17",
        RACE | {"out_of_bounds"},
    ),
    "negative index": (
        "transpose",
        "tile[at.y * 17 + at.x] =",
        "tile[int(at.y * 17 + at.x) - 1] =",
        {"out_of_bounds"},
    ),
    "sizes swapped": (
        "transpose",
        "out[to.y * size.y + to.x]",
        "out[to.y * size.x + to.x]",
        {"out_of_bounds"},
    ),
    "bins not emptied first": (
        "histogram",
        BARRIER + "  // empty\n",
        "",
        {"atomic_race", "uninitialized_read"},
    ),
    "bins read too early": ("histogram", BARRIER + "  // full\n", "", {"atomic_race"}),
    "bins never emptied": (
        "histogram",
        "if (t < 16) atomic_store",
        "if (t < 0) atomic_store",
        {"uninitialized_read"},
    ),
    "not atomic": (
        "histogram",
        "atomic_fetch_add_explicit(&bins[t], count, memory_order_relaxed)",
        "((device uint*)bins)[t] += count",
        {"data_race"},
    ),
    "byte past the end": ("histogram", "if (i < n) atomic", "if (i <= n) atomic", {"out_of_bounds"}),
    "totals not waited for": ("scan", BARRIER + "  // totals\n", "", RACE),
    "offsets not waited for": ("scan", BARRIER + "  // offsets\n", "", {"data_race"}),
    "one total missing": (
        "scan",
        "if (lane == 31) totals",
        "if (lane == 31 && group < 2) totals",
        {"uninitialized_read"},
    ),
    "prefix sum in a branch": (
        "scan",
        "const int mine = simd_prefix_inclusive_sum(x[t]);",
        "int mine = x[t]; if (lane != 3) mine = simd_prefix_inclusive_sum(mine);",
        {"divergent_simd"},
    ),
    "shuffle in a branch": (
        "shuffle_sum",
        "v += simd_shuffle_down(v, step);",
        "{ if (v > 0) v += simd_shuffle_down(v, step); }",
        {"divergent_simd", "inactive_lane"},
    ),
    "too many loads": ("shuffle_sum", "x[i];", "x[i + 1];", {"out_of_bounds"}),
    "halves not swapped": ("double_buffer", "ring[1 - from][t] =", "ring[from][t] =", {"data_race"}),
    "no barrier between turns": ("double_buffer", BARRIER + "\n", "", RACE),
    "third half": ("double_buffer", "ring[1 - from][t] =", "ring[2 - from][t] =", {"out_of_bounds"}),
    "no simdgroup barrier": ("handoff", "  simdgroup_barrier(mem_flags::mem_threadgroup);\n", "", RACE),
    "simdgroup barrier without memory": (
        "handoff",
        "mem_flags::mem_threadgroup",
        "mem_flags::mem_none",
        RACE,
    ),
    "handed to another simdgroup": ("handoff", "values[t - lane + (31 - lane)]", "values[63 - t]", RACE),
    "read and write apart": (
        "compare_exchange",
        "uint seen = atomic_load_explicit(most, memory_order_relaxed);",
        "uint seen = *(device uint*)most;",
        {"data_race"},
    ),
    "leaves too late": ("compare_exchange", "i >= n", "i > n", {"out_of_bounds"}),
    "count too large": ("vectors", "i < settings.count", "i <= settings.count", {"out_of_bounds"}),
    "every second vector": ("vectors", "out + 4 * i", "out + 2 * i", {"data_race"}),
    "only three of four": (
        "vectors",
        "*(device float4*)(out + 4 * i) = v;",
        "for (int k = 0; k < 3; ++k) out[4 * i + k] = v[k];",
        {"unwritten_output"},
    ),
    "tile beyond the end": (
        "simdgroup_matmul",
        "c + tile.y * 8 * n",
        "c + (tile.y + 1) * 8 * n",
        {"out_of_bounds"},
    ),
    "same tile for all": ("simdgroup_matmul", "n + tile.x * 8, n)", "n, n)", {"data_race"}),
}
# These stay in the quick lane.
QUICK = {
    "no barrier before a tree",
    "array too short",
    "one row not stored",
    "sum in a branch",
    "bins read too early",
    "no simdgroup barrier",
}


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in MUTANTS]
)
def test_planted_mistakes_are_reported(name):
    file, old, new, kinds = MUTANTS[name]
    found = {report.kind for report in run(file, old, new).reports}
    assert found & kinds, f"reported {found or 'nothing'}"


def test_a_report_says_where_who_and_what_to_do():
    (first, *_) = run("tree_sum", "if (t == 0) out[row]", "out[row]").reports
    assert (first.kind, first.file, first.line) == ("data_race", "kernel.metal", 17)
    assert (first.buffer, first.index, first.thread, first.other_thread) == ("out", 0, (1, 0, 0), (0, 0, 0))
    assert first.other_line == 17
    assert first.count > 100
    assert str(first).startswith(
        "kernel.metal:17: data_race: out[0] is written by thread (1, 0, 0) and written"
    )
    assert "hint: let one thread write it" in str(first)


def test_kinds_of_reports_can_be_allowed():
    grid, threadgroup, buffers, _ = CASES["tree_sum"]()
    text = (FOLDER / "tree_sum.metal").read_text().replace("if (t == 0) out[row]", "out[row]")
    assert not emulate(text, grid, threadgroup, buffers, allow=["data_race"]).reports
