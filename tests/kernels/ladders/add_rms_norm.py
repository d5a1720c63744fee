"""The ladder of the residual addition with RMSNorm, against MLX in float32 on the rounded sum."""

import mlx.core as mx

from kvist.metal import Launch
from kvist.ops import add_rms_norm
from kvist.ops.metal import add_rms_norm as calls
from kvist.ops.metal.add_rms_norm import VERSIONS as VERSIONS

OP = "add_rms_norm"
BEST = "registers"
# (rows, elements, threads per row)
SHAPES = ((3, 77, 50), (2, 300, 96))
WIDE = ((1, 1, 32), (2, 33, 64), (5, 1000, None), (1, 4097, 1024), (1, 4096, 1024))
TOLERANCE = {mx.float32: 2e-6, mx.float16: 2**-9, mx.bfloat16: 2**-6}  # two roundings

RACE = {"data_race", "uninitialized_read"}
SUMS = "  threadgroup_barrier(mem_flags::mem_threadgroup);  // every sum is there\n"
MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "sums not waited for": ("fused", SUMS, "", RACE),
    "hidden of another thread": (
        "fused",
        "T(float(hidden[row + i])",
        "T(float(hidden[row + (i + 1) % dim])",
        RACE,
    ),
    "hidden kept to itself": ("fused", "    hidden[row + i] = value;\n", "", RACE | {"unwritten_output"}),
    "residual once more": (
        "registers",
        "values[j] = float(value);",
        "values[j] = float(x[row + first + j]);",
        {"value"},
    ),
    "end of the row not guarded": ("registers", "if (first + j < dim)", "", {"out_of_bounds", "data_race"}),
    "tail not normalised": (
        "registers",
        "&& first + j < dim",
        "&& first + PER_THREAD < dim",
        {"unwritten_output"},
    ),
    "one SIMD-group's sum": ("registers", "simd_sum(lane < groups ? sums[lane] : 0.0)", "sum", {"value"}),
    "mean over the threads": ("fused", "sum / float(dim)", "sum / float(stride)", {"value"}),
    "all of the sums": ("registers", "lane < groups ? sums[lane] : 0.0", "sums[lane]", RACE),
    "added twice": ("add", "x[i] + residual[i]", "x[i] + residual[i] + residual[i]", {"value"}),
}


def example(rows: int, dim: int, dtype: mx.Dtype) -> list[mx.array]:
    shapes = ((rows, dim), (rows, dim), (dim,))
    return [mx.random.normal(s, key=mx.random.key(i)).astype(dtype) for i, s in enumerate(shapes)]


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]] | None:
    rows, dim, threads = shape
    x, residual, weight = example(rows, dim, dtype)
    hidden = x + residual
    if version == "add":
        return calls.add(x, residual), {"hidden": hidden}
    if version == "registers" and dim > 4096:
        return None
    if version == "registers" and threads and threads * 4 < dim:
        threads = None
    out = mx.fast.rms_norm(hidden.astype(mx.float32), weight.astype(mx.float32), 1e-5)
    launch = calls.launch(x, residual, weight, 1e-5, version, threads=threads)
    return launch, {"hidden": hidden, "out": out}


def counted() -> dict[str, Launch]:
    launches = {"add": calls.add(*example(4, 1000, mx.float32)[:2])}
    x, residual, weight = example(4, 1000, mx.float32)
    buffers = {"x": x, "weight": weight, "eps": 1e-5, "dim": 1000, "out": calls.Output(x.shape, x.dtype)}
    launches["rms_norm"] = Launch("rms_norm", "rms_norm", (256, 4, 1), (256, 1, 1), buffers)
    return launches | {v: calls.launch(x, residual, weight, 1e-5, v) for v in VERSIONS[1:]}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    x, residual, weight = example(6, 60, dtype)
    x, residual = x.reshape(2, 3, 60), residual.reshape(2, 3, 60)
    both = [add_rms_norm(x, residual, weight, implementation=name) for name in ("metal", "reference")]
    assert mx.array_equal(both[0][0], both[1][0])
    return both[0][1], both[1][1]
