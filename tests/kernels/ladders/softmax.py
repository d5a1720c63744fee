"""The ladder of softmax, against mx.softmax in float32."""

import mlx.core as mx

from kvist.metal import Launch
from kvist.ops import softmax
from kvist.ops.metal.softmax import VERSIONS as VERSIONS
from kvist.ops.metal.softmax import launch

OP = "softmax"
BEST = "registers"
# (rows, elements, threads per row)
SHAPES = ((3, 77, 50), (2, 300, 96))
WIDE = ((1, 1, 32), (2, 33, 64), (5, 1000, None), (1, 4097, 1024), (1, 4096, 1024), (2, 129, 1))

RACE = {"data_race", "uninitialized_read"}
MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "states not waited for": (
        "online",
        "  threadgroup_barrier(mem_flags::mem_threadgroup);  // every state is there\n",
        "",
        RACE,
    ),
    "one SIMD-group's maximum": ("registers", "used ? maxima[lane] : -INFINITY", "state.highest", {"value"}),
    "maxima not waited for": (
        "simd",
        "  threadgroup_barrier(mem_flags::mem_threadgroup);  // every maximum is there\n",
        "",
        RACE,
    ),
    "sums share the maxima": ("simd", "sums[group] = total;", "maxima[group] = total;", RACE),
    "barrier for device memory": (
        "looped",
        "mem_flags::mem_threadgroup);  // every state",
        "mem_flags::mem_device);  // every state",
        RACE,
    ),
    "barrier in the branch": (
        "online",
        "    sums[group] = state.total;\n  }\n  threadgroup_barrier(mem_flags::mem_threadgroup);",
        "    sums[group] = state.total;\n    threadgroup_barrier(mem_flags::mem_threadgroup);\n  }",
        {"divergent_barrier"},
    ),
    "every lane stores": ("simd", "if (lane == 0) {\n    maxima", "{\n    maxima", {"data_race"}),
    "reads 32 states": ("looped", "const bool used = lane < groups;", "const bool used = true;", RACE),
    "tail not masked": ("registers", "first + j < dim ? float(", "true ? float(", {"out_of_bounds"}),
    "tail stored": (
        "looped",
        "j < PER_THREAD && i + j < dim",
        "j < PER_THREAD",
        {"out_of_bounds", "data_race"},
    ),
    "tail not stored": (
        "registers",
        "&& first + j < dim",
        "&& first + PER_THREAD < dim",
        {"unwritten_output"},
    ),
    "sum not rescaled": (
        "online",
        "state.total * exp_from(state.highest, highest) + exp",
        "state.total + exp",
        {"value"},
    ),
    "own maximum in the end": (
        "registers",
        "exp_from(own, all.highest) / all.total",
        "1.0f / all.total",
        {"value"},
    ),
    "row too far": (
        "naive",
        "size_t(thread_position_in_grid.x) * dim",
        "size_t(thread_position_in_grid.x + 1) * dim",
        {"out_of_bounds"},
    ),
    "sum in a branch": (
        "simd",
        "total = simd_sum(total);\n  if",
        "if (lane < 16) total = simd_sum(total);\n  if",
        {"divergent_simd"},
    ),
    "no maximum": ("naive", "highest = max(highest, float(x[row + i]));", "highest = 0.0;", {"value"}),
}


def example(rows: int, dim: int, dtype: mx.Dtype) -> mx.array:
    """Numbers of which exp() overflows, some hidden as a mask hides them, and a whole block of -inf."""
    x = mx.random.normal((rows, dim), key=mx.random.key(dim)) * 4 + 100
    hidden = mx.random.uniform(shape=x.shape, key=mx.random.key(3)) < 0.2
    x = mx.where(hidden | ((mx.arange(dim) < 40) & (dim > 100)), -mx.inf, x)
    x[:, -1] = 101.0
    return x.astype(dtype)


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]] | None:
    rows, dim, threads = shape
    if version == "registers" and dim > 4096:
        return None
    if version == "registers" and threads and threads * 4 < dim:
        threads = None
    x = example(rows, dim, dtype)
    want = mx.softmax(x.astype(mx.float32), axis=-1, precise=True)
    return launch(x, version, threads=threads), {"out": want}


def counted() -> dict[str, Launch]:
    x = mx.random.normal((4, 1000), key=mx.random.key(0))
    return {version: launch(x, version) for version in VERSIONS}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    x = example(6, 60, dtype).reshape(2, 3, 60)
    return softmax(x, implementation="metal"), softmax(x, implementation="reference")
