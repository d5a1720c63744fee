"""The ladder of 4-bit matrix products, against the dequantized weights in float32."""

import mlx.core as mx

from kvist.metal import Launch
from kvist.ops import QuantizedWeight, dequantize, linear, quantize
from kvist.ops.metal.linear import VERSIONS as VERSIONS
from kvist.ops.metal.linear import launch

OP = "linear"
BEST = "gemm_matrix"
# (vectors, rows of W, columns, group size)
SHAPES = ((3, 21, 128, 64),)
WIDE = ((1, 1, 64, 64), (2, 37, 1088, 64), (35, 19, 96, 32), (17, 50, 256, 128), (1, 9, 640, 128))
# Sums of up to a thousand products in another order.
TOLERANCE = {mx.float32: 4e-6, mx.float16: 2**-10, mx.bfloat16: 2**-7}

RACE = {"data_race", "uninitialized_read"}
FILLED = "    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles are filled\n"
AGAIN = "    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles may be filled again\n"
RESULTS = "  threadgroup_barrier(mem_flags::mem_threadgroup);  // the results are there\n"
MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "tiles not waited for": ("gemm_matrix", FILLED, "", RACE),
    "tiles still in use": ("gemm_matrix", AGAIN, "", {"data_race"}),
    "results not waited for": ("gemm_matrix", RESULTS, "", {"data_race"}),
    "tiles of threads not waited for": ("gemm_tiled", FILLED, "", RACE),
    "tiles of threads still in use": ("gemm_tiled", AGAIN, "", {"data_race"}),
    "not transposed": ("gemm_matrix", "PITCH, ulong2(0), true)", "PITCH)", {"value"}),
    "edge not left out": (
        "gemm_matrix",
        "if (m < num_vectors && n < num_rows)",
        "",
        {"out_of_bounds", "data_race"},
    ),
    "rows of W not guarded": ("gemm_tiled", "if (n >= num_rows)", "if (false)", {"out_of_bounds"}),
    "vectors not guarded": ("gemm_tiled", "m0 + r < num_vectors ?", "true ?", {"out_of_bounds"}),
    "tile without zeros": (
        "gemm_tiled",
        "      weights[j] = 0.0;\n",
        "",
        {"uninitialized_read", "data_race"},
    ),
    "one lane's share": ("gemv_simd", "  sum = simd_sum(sum);\n", "", {"value"}),
    "every lane stores": ("gemv_simd", "if (thread_index_in_simdgroup == 0)", "", {"data_race"}),
    "group of the wrong row": (
        "gemv_simd",
        "(n * words + i) * PACKED / group_size",
        "i * PACKED / group_size",
        {"value"},
    ),
    "fourth nibble cut": ("gemv_prescaled", "0xf000", "0x7000", {"value"}),
    "not prescaled": ("gemv_prescaled", "  high *= prescale;\n", "", {"value"}),
    "bias once": ("gemv_prescaled", "float(biases[group]) * total", "float(biases[group])", {"value"}),
    "rows behind the last": (
        "gemv_prescaled",
        "min(ROWS, uint(num_rows - first))",
        "ROWS",
        {"out_of_bounds"},
    ),
    "highest nibble first": ("gemv_naive", "4 * (k % PACKED)", "4 * (7 - k % PACKED)", {"value"}),
}


def example(shape: tuple, dtype: mx.Dtype) -> tuple[mx.array, QuantizedWeight]:
    m, n, k, group_size = shape
    weight = mx.random.normal((n, k), key=mx.random.key(n)).astype(dtype)
    return mx.random.normal((m, k), key=mx.random.key(m)).astype(dtype), quantize(weight, group_size)


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]]:
    x, weight = example(shape, dtype)
    return launch(x, weight, version), {"out": x.astype(mx.float32) @ dequantize(weight).T}


def counted() -> dict[str, Launch]:
    buffers = example((32, 64, 256, 64), mx.float32)
    return {version: launch(*buffers, version) for version in VERSIONS}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    """Scales of another dtype, too."""
    x, weight = example((6, 10, 128, 64), dtype)
    weight = weight._replace(scales=weight.scales.astype(mx.float16), biases=weight.biases.astype(mx.float16))
    x = x.reshape(2, 3, 128)
    return linear(x, weight, implementation="metal"), linear(x, weight, implementation="reference")
