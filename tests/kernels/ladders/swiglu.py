"""The ladder of SwiGLU, against the formula in float32."""

import mlx.core as mx

from kvist.metal import Launch
from kvist.ops import swiglu
from kvist.ops.metal.swiglu import VERSIONS as VERSIONS
from kvist.ops.metal.swiglu import launch

OP = "swiglu"
BEST = "vectorised"
SHAPES = ((3, 7), (2, 150))
WIDE = ((1,), (4,), (5, 1000), (2, 3, 514))
# The reference of the operator rounds three times.
TOLERANCE = {mx.float32: 2e-6, mx.float16: 2**-9, mx.bfloat16: 2**-6}

MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "tail not computed": ("vectorised", "i < size; ++i", "i + 1 < size; ++i", {"unwritten_output"}),
    "tail as four": ("vectorised", "first + PER_THREAD <= size", "first < size", {"out_of_bounds"}),
    "overlapping fours": (
        "vectorised",
        "thread_position_in_grid.x * PER_THREAD",
        "thread_position_in_grid.x * 3",
        {"data_race", "unwritten_output"},
    ),
    "sigmoid without its factor": (
        "fused",
        "T(silu(float(gate[i]))",
        "T(silu(float(gate[i])) / float(gate[i])",
        {"value"},
    ),
    "sign of the exponent": ("silu", "metal::precise::exp(-x)", "metal::precise::exp(x)", {"value"}),
    "gate and up swapped": (
        "fused",
        "silu(float(gate[i])) * float(up[i])",
        "silu(float(up[i])) * float(gate[i])",
        {"value"},
    ),
    "one element too far": ("product", "activated[i] * up[i]", "activated[i] * up[i + 1]", {"out_of_bounds"}),
    "written to the input": (
        "product",
        "out[i] = activated[i] * up[i]",
        "const_cast<device T*>(up)[i] *= activated[i]",
        {"write_to_input"},
    ),
}


def example(shape: tuple[int, ...], dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    gate = mx.random.normal(shape, key=mx.random.key(1)) * 8
    return gate.astype(dtype), mx.random.normal(shape, key=mx.random.key(2)).astype(dtype)


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]]:
    gate, up = example(shape, dtype)
    g, u = gate.astype(mx.float32), up.astype(mx.float32)
    want = {"silu": g * mx.sigmoid(g), "product": g * u}.get(version, g * mx.sigmoid(g) * u)
    return launch(gate, up, version), {"out": want}


def counted() -> dict[str, Launch]:
    buffers = example((4, 1000), mx.float32)
    return {version: launch(*buffers, version) for version in VERSIONS}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    gate, up = example((2, 3, 11), dtype)
    return swiglu(gate, up, implementation="metal"), swiglu(gate, up, implementation="reference")
