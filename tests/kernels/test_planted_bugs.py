"""Guards four everyday kernels: right values and silence in every order, and each planted bug is told."""

from pathlib import Path

import numpy as np
import pytest

from kvist.metal import Output, emulate
from kvist.metal.lint import lint

pytestmark = pytest.mark.usefixtures("emulator")

FOLDER = Path(__file__).parent / "metal"
RANDOM = np.random.default_rng(3)
BARRIER = "threadgroup_barrier(mem_flags::mem_threadgroup);\n"


def normal(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


DATA, ROWS, TABLE = normal(1024), normal(5, 65), normal(16, 16)
Q, KEYS, VALUES = normal(1, 64), normal(37, 64), normal(37, 64)
# name: grid, threadgroup, buffers, values wanted.
CALLS = {
    "bitonic_sort": (512, 256, {"data": DATA}, {"data": np.sort(DATA.reshape(2, 512), 1)}),
    "decode_attention": (
        128,
        128,
        {"q": Q, "k": KEYS, "v": VALUES, "o": Output(64, "float32"), "keys": 37},
        {"o": softmax(Q @ KEYS.T / 8) @ VALUES},
    ),
    "block_softmax": (
        5 * 64,
        64,
        {"x": ROWS, "o": Output((5, 65), "float32"), "n": 65},
        {"o": softmax(ROWS)},
    ),
    "top_k": (
        16,
        16,
        {"x": TABLE, "best": Output((16, 4), "float32"), "where": Output((16, 4), "uint32")},
        {"best": -np.sort(-TABLE, 1)[:, :4], "where": np.argsort(-TABLE, 1)[:, :4]},
    ),
}
PLANTED = [
    ("bitonic_sort", "      " + BARRIER, "", "data_race"),
    ("bitonic_sort", BARRIER, "if (stride > 16 || tid < 32) " + BARRIER, "divergent_barrier"),
    ("bitonic_sort", "s[512]", "s[511]", "out_of_bounds"),
    ("bitonic_sort", "group * 512", "group * 256", "data_race"),
    ("decode_attention", BARRIER, "\n", "data_race"),
    ("decode_attention", "if (lane == 0) { max", "if (lane == 0 && sg > 0) { max", "uninitialized_read"),
    ("decode_attention", "j < keys", "j <= keys", "out_of_bounds"),
    ("decode_attention", "part[4][D]", "part[140][D]", "threadgroup_memory"),
    ("decode_attention", "part[4][D]", "part[4][D - 1]", "out_of_bounds"),
    ("block_softmax", "  s = block_sum(s,", "  if (warp) s = block_sum(s + 0,", "divergent_barrier"),
    ("block_softmax", "i < n; i += tg) o", "i <= n; i += tg) o", "out_of_bounds"),
    ("block_softmax", "float s = 0;", "float s;", "lint: uninitialized"),
    (
        "block_softmax",
        "s = block_sum(s, scratch, lane, warp, warps);",
        "if (warp == 0) s = block_sum(s, scratch, lane, warp, warps);\n"
        "  else s = block_sum(s, scratch, lane, warp, warps);",
        "divergent_barrier",
    ),
    ("top_k", "j < 4; ++j) {\n      if", "j <= 4; ++j) {\n      if", "out_of_bounds"),
    ("top_k", "j < 4; ++j) { best", "j < 5; ++j) { best", "out_of_bounds"),
    ("top_k", "row * 16 + i]", "(row + 1) * 16 + i]", "out_of_bounds"),
]


def told(name: str, text: str, order: str) -> tuple[set[str], bool]:
    """Kinds of reports, the lint's with a mark, and whether the values are right."""
    grid, threadgroup, buffers, wanted = CALLS[name]
    done = emulate(text, grid, threadgroup, buffers, order=order, seed=1)
    right = all(
        np.allclose(np.array(done.outputs[key]).ravel(), value.ravel(), atol=1e-5)
        for key, value in wanted.items()
    )
    return {r.kind for r in done.reports} | {f"lint: {p.code}" for p in lint(text).problems}, right


@pytest.mark.parametrize("order", ["forward", "reverse", "random"])
@pytest.mark.parametrize("name", CALLS)
def test_a_right_kernel_is_silent(name, order):
    assert told(name, (FOLDER / f"{name}.metal").read_text("utf-8"), order) == (set(), True)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "find", "replace", "kind"), PLANTED)
def test_a_planted_bug_is_told(name, find, replace, kind):
    text = (FOLDER / f"{name}.metal").read_text("utf-8")
    assert find in text
    assert kind in told(name, text.replace(find, replace, 1), "forward")[0]
