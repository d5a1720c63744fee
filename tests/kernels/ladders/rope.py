"""The ladder of rotary positions, against mx.fast.rope in float32, one sequence at a time."""

import mlx.core as mx

from kvist.metal import Launch
from kvist.ops import rope
from kvist.ops.metal.rope import VERSIONS as VERSIONS
from kvist.ops.metal.rope import launch
from kvist.ops.rope import rope_wavelengths

OP = "rope"
BEST = "heads"
# (batch, heads, tokens, features of a head, turned ones, traditional)
SHAPES = ((2, 5, 3, 11, 8, False), (2, 3, 2, 16, 16, True))
WIDE = (
    (1, 1, 1, 2, 2, False),
    (1, 4, 9, 10, 6, True),
    (3, 7, 5, 64, 64, False),
    (1, 8, 2, 130, 24, True),
    (2, 2, 4, 40, 24, False),
)
# Sine and cosine of an angle of some hundred radians, of two libraries.
TOLERANCE = {mx.float32: 4e-6, mx.float16: 2**-10, mx.bfloat16: 2**-7}

MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "heads behind the last": (
        "heads",
        "min(begin + HEADS_PER_THREAD, num_heads)",
        "begin + HEADS_PER_THREAD",
        {"out_of_bounds", "data_race"},
    ),
    "the other direction": (
        "pairs",
        "out[a] = T(first * turn.cosine - second",
        "out[a] = T(first * turn.cosine + second",
        {"value"},
    ),
    "first turned in place": (
        "pairs",
        "  out[b] = T(second * turn.cosine + first * turn.sine);",
        "  out[b] = T(second * turn.cosine + float(out[a]) * turn.sine);",
        {"value"},
    ),
    "offset of another sequence": ("heads", "offsets[sequence]", "offsets[0]", {"value"}),
    "offset of each head": ("pairs", "offsets[head / num_heads]", "offsets[head]", {"out_of_bounds"}),
    "tokens counted from zero": (
        "vectorised",
        "offsets[head / num_heads] + int(token)",
        "int(token)",
        {"value"},
    ),
    "rest not copied": ("naive", "    out[row + feature] = x[row + feature];\n", "", {"unwritten_output"}),
    "rest turned as well": (
        "heads",
        "const bool turns = pair < dims / 2;",
        "const bool turns = true;",
        {"out_of_bounds", "data_race"},
    ),
    "pair by pair in the other layout": ("naive", "feature % (dims / 2)", "feature / 2", {"value"}),
    "two threads a pair": (
        "pairs",
        "const uint pair = thread_position_in_grid.x,",
        "const uint pair = thread_position_in_grid.x / 2,",
        {"data_race"},
    ),
    "overlapping quads": (
        "vectorised",
        "const uint pair = 4 * quad,",
        "const uint pair = 3 * quad,",
        {"data_race"},
    ),
    "angles in half": (
        "heads",
        "const float angle = float(position)",
        "const half angle = half(position)",
        {"value"},
    ),
}


def example(shape: tuple, dtype: mx.Dtype) -> tuple[mx.array, mx.array, mx.array]:
    batch, heads, length, dim, dims, _ = shape
    x = mx.random.normal((batch, heads, length, dim), key=mx.random.key(dim)).astype(dtype)
    return x, rope_wavelengths(10000.0, dims), mx.array([7, 300, 41][:batch], mx.int32)


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]] | None:
    dims, traditional = shape[4:]
    if version == "vectorised" and dims % 8:
        return None
    x, wavelengths, offsets = example(shape, dtype)
    rows = [
        mx.fast.rope(
            x[b : b + 1].astype(mx.float32),
            dims,
            traditional=traditional,
            base=None,
            scale=1.0,
            offset=int(offset),
            freqs=wavelengths,
        )
        for b, offset in enumerate(offsets.tolist())
    ]
    return launch(x, wavelengths, offsets, version, traditional=traditional), {"out": mx.concatenate(rows)}


def counted() -> dict[str, Launch]:
    buffers = example((2, 8, 4, 64, 64, False), mx.float32)
    return {version: launch(*buffers, version) for version in VERSIONS}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    x = mx.random.normal((2, 3, 5, 12), key=mx.random.key(1)).astype(dtype)
    both = [
        rope(x, offset=9, dims=8, traditional=True, implementation=name) for name in ("metal", "reference")
    ]
    return both[0], both[1]
