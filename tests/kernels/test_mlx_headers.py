"""Guards fidelity: kernels from the headers of the installed MLX run in the emulator unmodified,
give MLX's values, and show nothing wrong."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from kvist.metal import Output, emulate

pytestmark = [pytest.mark.usefixtures("emulator"), pytest.mark.slow]

INCLUDE = Path(mx.__file__).parent / "include"
KERNELS = "mlx/backend/metal/kernels"
TYPES = {mx.float32: "float", mx.float16: "half", mx.bfloat16: "bfloat16_t"}
TOLERANCE = {mx.float32: 2e-5, mx.float16: 2e-3, mx.bfloat16: 2e-2}
ORDERS = ("forward", "reverse", "random")
dtypes = pytest.mark.parametrize("dtype", list(TYPES), ids=str)


def source(*headers: str) -> str:
    for header in headers:
        if not (INCLUDE / KERNELS / header).exists():
            pytest.skip(f"this MLX has no {header}")
    lines = [f'#include "{KERNELS}/{header}"' for header in ("utils.h", *headers)]
    return "#include <metal_stdlib>\n" + "\n".join(lines) + "\n"


def run(text, name, groups, threadgroup, buffers, **options) -> dict[str, mx.array]:
    """Values from the forward order; for float32 reverse and random agree to the bit. No reports in any."""
    grid = tuple(g * t for g, t in zip(groups, threadgroup, strict=True))
    first: dict[str, mx.array] = {}
    wide = any(isinstance(b, Output) and b.dtype == mx.float32 for b in buffers.values())
    for order in ORDERS if wide else ("random",):
        done = emulate(
            text,
            grid,
            threadgroup,
            buffers,
            name=name,
            include=[INCLUDE],
            order=order,
            time_limit=60,
            **options,
        )
        assert not done.reports, "\n".join(map(str, done.reports))
        first = first or done.outputs
        for key, value in done.outputs.items():
            assert np.array_equal(as_numpy(value), as_numpy(first[key]), equal_nan=True)
    return first


def as_numpy(x: mx.array) -> np.ndarray:
    return np.array(x.astype(mx.float32))


def normal(shape: tuple[int, ...], dtype: mx.Dtype, seed: int) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed)).astype(dtype)


def assert_close(got: mx.array, want: mx.array, tolerance: float) -> None:
    scale = float(mx.abs(want.astype(mx.float32)).max())
    np.testing.assert_allclose(as_numpy(got), as_numpy(want), rtol=tolerance, atol=tolerance * scale)


@dtypes
@pytest.mark.parametrize(("kernel", "size", "threads"), [("single_row", 777, 224), ("looped", 5000, 1024)])
def test_softmax(kernel, size, threads, dtype):
    x = normal((3, size), dtype, 0)
    name = f"softmax_{kernel}<{TYPES[dtype]}, float>"
    buffers = {"in": x, "out": Output(x.shape, dtype), "axis_size": size}
    got = run(source("softmax.h"), name, (3, 1, 1), (threads, 1, 1), buffers)["out"]
    assert_close(got, mx.softmax(x, axis=-1, precise=True), TOLERANCE[dtype])


@dtypes
def test_logsumexp(dtype):
    x = normal((3, 1000), dtype, 0)
    buffers = {"in": x, "out": Output((3,), dtype), "axis_size": 1000}
    name = f"logsumexp<{TYPES[dtype]}, float>"
    got = run(source("logsumexp.h"), name, (3, 1, 1), (256, 1, 1), buffers)["out"]
    assert_close(got, mx.logsumexp(x.astype(mx.float32), axis=-1), TOLERANCE[dtype])


@dtypes
@pytest.mark.parametrize("masked", [False, True])
def test_attention_of_one_query_over_a_kv_cache(dtype, masked):
    heads, kv_heads, length, dim = 4, 2, 45, 64
    q, k = normal((1, heads, 1, dim), dtype, 1), normal((1, kv_heads, length, dim), dtype, 2)
    v = normal((1, kv_heads, length, dim), dtype, 3)
    mask = mx.random.bernoulli(0.7, (1, heads, 1, length), key=mx.random.key(4))
    strides = {"k_head_stride": length * dim, "v_head_stride": length * dim}
    strides |= {"k_seq_stride": dim, "v_seq_stride": dim}
    buffers = {"queries": q, "keys": k, "values": v, "out": Output(q.shape, dtype), "scale": dim**-0.5}
    buffers |= {"gqa_factor": heads // kv_heads, "N": length} | strides
    if masked:
        buffers |= {"bmask": mask, "mask_kv_seq_stride": 1, "mask_q_seq_stride": length}
        buffers |= {"mask_head_stride": length}
    constants = {"has_mask": masked, "bool_mask": masked, "float_mask": False, "has_sinks": False}
    constants |= {"query_transposed": False, "do_causal": False}
    got = run(
        source("sdpa_vector.h"),
        f"sdpa_vector<{TYPES[dtype]}, 64>",
        (heads, 1, 1),
        (1024, 1, 1),
        buffers,
        constants=constants,
    )["out"]
    wide = [x.astype(mx.float32) for x in (q, k, v)]
    want = mx.fast.scaled_dot_product_attention(*wide, scale=dim**-0.5, mask=mask if masked else None)
    assert_close(got, want, TOLERANCE[dtype])


def quantized(rows, columns, group, bits, dtype) -> tuple[dict, mx.array]:
    """Buffers of affine_qmv for two vectors, and the product."""
    packed, scales, biases = mx.quantize(normal((rows, columns), dtype, 5), group_size=group, bits=bits)
    x = normal((2, columns), dtype, 6)
    names = ("x_strides", "w_strides", "s_strides", "b_strides")
    buffers = {"w": packed, "scales": scales, "biases": biases, "x": x, "y": Output((2, rows), dtype)}
    buffers |= {"in_vec_size": columns, "out_vec_size": rows, "x_batch_ndims": 0, "w_batch_ndims": 0}
    buffers |= {name: np.zeros(1, np.int32) for name in ("x_shape", "w_shape")}
    buffers |= {name: np.zeros(1, np.int64) for name in names}
    full = mx.dequantize(packed, scales, biases, group_size=group, bits=bits)
    return buffers, x.astype(mx.float32) @ full.astype(mx.float32).T


QUANTIZED = ("steel/gemm/gemm.h", "quantized_utils.h", "quantized.h")


@dtypes
@pytest.mark.parametrize(
    ("kernel", "rows", "columns", "group", "bits"),
    [("affine_qmv_fast", 32, 1024, 64, 4), ("affine_qmv", 36, 320, 32, 4), ("affine_qmv", 20, 192, 64, 8)],
)
def test_quantized_matrix_times_vector(kernel, rows, columns, group, bits, dtype):
    buffers, want = quantized(rows, columns, group, bits, dtype)
    name = f"{kernel}<{TYPES[dtype]}, {group}, {bits}, false>"
    got = run(source(*QUANTIZED), name, (2, -(-rows // 8), 1), (32, 2, 1), buffers)["y"]
    assert_close(got, want, TOLERANCE[dtype])


def test_rows_that_mlx_computes_twice_are_seen():
    """37 rows in tiles of four: the last tile moves back and writes three rows again, with equal values."""
    buffers, want = quantized(37, 320, 32, 4, mx.float32)
    size = ((64, 10, 1), (32, 2, 1))
    done = emulate(
        source(*QUANTIZED), *size, buffers, name="affine_qmv<float, 32, 4, false>", include=[INCLUDE]
    )
    assert {(r.kind, r.buffer, Path(r.file).name) for r in done.reports} == {
        ("data_race", "y", "quantized.h")
    }
    assert_close(done.outputs["y"], want, TOLERANCE[mx.float32])


PARAMETERS = np.dtype(
    [(n, np.int32) for n in ("B", "H", "D", "qL", "kL", "gqa")]
    + [("scale", np.float32)]
    + [(n, np.int32) for n in ("NQ", "NK", "NQ_aligned", "NK_aligned", "qL_rem", "kL_rem", "qL_off")]
    + [(n, np.int64, 3) for n in ("Q", "K", "V", "O")],
    align=True,
)


@dtypes
@pytest.mark.parametrize("causal", [False, True])
def test_steel_attention(dtype, causal):
    """simdgroup matrices, ragged in queries and keys."""
    heads, kv_heads, queries, keys, dim, block = 2, 1, 50, 77, 64, 32
    q, k = normal((1, heads, queries, dim), dtype, 7), normal((1, kv_heads, keys, dim), dtype, 8)
    v = normal((1, kv_heads, keys, dim), dtype, 9)
    p = np.zeros(1, PARAMETERS)
    p["B"], p["H"], p["D"], p["qL"], p["kL"] = 1, heads, dim, queries, keys
    p["gqa"], p["scale"] = heads // kv_heads, dim**-0.5
    p["NQ"], p["NQ_aligned"], p["qL_rem"] = -(-queries // block), queries // block, queries % block
    p["NK"], p["NK_aligned"], p["kL_rem"] = -(-keys // block), keys // block, keys % block
    p["qL_off"] = keys - queries
    for name, rows, n in (
        ("Q", queries, heads),
        ("K", keys, kv_heads),
        ("V", keys, kv_heads),
        ("O", queries, heads),
    ):
        p[name] = (n * rows * dim, rows * dim, dim)
    constants = {"align_Q": queries % block == 0, "align_K": keys % block == 0, "do_causal": causal}
    constants |= {"has_mask": False, "has_sinks": False, "save_lse": False}
    got = run(
        source("steel/attn/kernels/steel_attention.h"),
        f"attention<{TYPES[dtype]}, 32, 32, 64, 64, 4, 1, float, float>",
        (-(-queries // block), heads, 1),
        (32, 4, 1),
        {"Q": q, "K": k, "V": v, "O": Output(q.shape, dtype), "params": p},
        constants=constants,
    )["O"]
    wide = [x.astype(mx.float32) for x in (q, k, v)]
    want = mx.fast.scaled_dot_product_attention(*wide, scale=dim**-0.5, mask="causal" if causal else None)
    assert_close(got, want, TOLERANCE[dtype])


@dtypes
def test_matrix_times_vector(dtype):
    matrix, vector = normal((44, 130), dtype, 10), normal((130,), dtype, 11)
    buffers = {"mat": matrix, "in_vec": vector, "bias": vector, "out_vec": Output((44,), dtype)}
    buffers |= {"in_vec_size": 130, "out_vec_size": 44, "marix_ld": 130, "alpha": 1.0, "beta": 0.0}
    buffers |= {"batch_ndim": 1, "batch_shape": np.ones(1, np.int32), "bias_stride": 1}
    strides = ("vector_batch_stride", "matrix_batch_stride", "bias_batch_stride")
    buffers |= {name: np.zeros(1, np.int64) for name in strides}
    name = f"gemv<{TYPES[dtype]}, 4, 1, 1, 32, 4, 4, false, false>"
    got = run(source("steel/utils.h", "gemv.h"), name, (-(-44 // 16), 1, 1), (32, 1, 4), buffers)["out_vec"]
    assert_close(got, matrix.astype(mx.float32) @ vector.astype(mx.float32), TOLERANCE[dtype])


GEMM = np.dtype(
    [(n, np.int32) for n in ("M", "N", "K", "lda", "ldb", "ldd", "tiles_n", "tiles_m")]
    + [(n, np.int64) for n in ("batch_a", "batch_b", "batch_d")]
    + [(n, np.int32) for n in ("swizzle_log", "k_iterations", "batch_ndim")],
    align=True,
)


@dtypes
@pytest.mark.parametrize("transposed", [False, True])
def test_steel_matrix_product(dtype, transposed):
    """Blocks of 32 x 32 x 16 with simdgroup matrices; nothing divides."""
    m, n, k = 50, 37, 45
    a, b = normal((m, k), dtype, 12), normal((n, k) if transposed else (k, n), dtype, 13)
    p = np.zeros(1, GEMM)
    p["M"], p["N"], p["K"], p["lda"], p["ldb"], p["ldd"] = m, n, k, k, k if transposed else n, n
    p["tiles_n"], p["tiles_m"], p["k_iterations"] = -(-n // 32), -(-m // 32), k // 16
    constants = {"has_batch": False, "use_out_source": False, "do_axpby": False}
    constants |= {"align_M": False, "align_N": False, "align_K": False}
    got = run(
        source("steel/gemm/gemm.h", "steel/gemm/kernels/steel_gemm_fused.h"),
        f"gemm<{TYPES[dtype]}, 32, 32, 16, 2, 2, false, {str(transposed).lower()}, float>",
        (-(-n // 32), -(-m // 32), 1),
        (32, 2, 2),
        {"A": a, "B": b, "D": Output((m, n), dtype), "params": p},
        constants=constants,
    )["D"]
    wide = b.astype(mx.float32)
    assert_close(got, a.astype(mx.float32) @ (wide.T if transposed else wide), TOLERANCE[dtype])


@dtypes
@pytest.mark.parametrize("name", ["Exp", "Sigmoid", "Erf", "Rsqrt"])
def test_elementwise(name, dtype):
    x = mx.abs(normal((1001,), dtype, 14)) + mx.array(0.1, dtype)
    text = f"{name}, {TYPES[dtype]}, {TYPES[dtype]}"
    kernel = f"unary_v<{TYPES[dtype]}, {TYPES[dtype]}, {name}, 4>"
    buffers = {"in": x, "out": Output(x.shape, dtype), "size": 1001}
    done = emulate(
        source("unary_ops.h", "unary.h"), (251, 1, 1), (64, 1, 1), buffers, name=kernel, include=[INCLUDE]
    )
    assert not done.reports, text
    want = {"Exp": mx.exp, "Sigmoid": mx.sigmoid, "Erf": mx.erf, "Rsqrt": mx.rsqrt}[name](
        x.astype(mx.float32)
    )
    assert_close(done.outputs["out"], want, TOLERANCE[dtype])


# Headers that only need an order. Those called nax are written for Metal 4's tensors, which are not emulated.
TOGETHER = {
    "elementwise": "unary_ops binary_ops ternary_ops unary binary binary_two ternary copy arange",
    "quantized": "steel/gemm/gemm quantized_utils quantized",
    "quantized floats": "steel/gemm/gemm quantized_utils fp_quantized",
    "gemm": "steel/gemm/gemm steel/gemm/kernels/steel_gemm_fused",
    "masked gemm": "steel/gemm/gemm steel/gemm/kernels/steel_gemm_masked",
    "split gemm": "steel/gemm/gemm steel/gemm/kernels/steel_gemm_splitk",
    "convolution": "steel/conv/conv steel/conv/params steel/conv/kernels/steel_conv",
    "reductions": "atomic reduction/ops reduce",
    "scatter": "atomic reduction/ops indexing/scatter indexing/gather",
    "rows": "softmax logsumexp sort cross_entropy",
    "scan": "binary_ops scan",
    "masked gemv": "steel/utils gemv_masked",
    "fft": "fft hadamard",
    "state": "gated_delta_update dot",
}


@pytest.mark.parametrize("name", TOGETHER)
def test_the_headers_compile(name):
    text = source(*(f"{header}.h" for header in TOGETHER[name].split()))
    text += "kernel void nothing(device int* y, uint i [[thread_position_in_grid]]) { y[i] = 1; }\n"
    buffers = {"y": Output((1,), mx.int32)}
    done = emulate(text, (1, 1, 1), (1, 1, 1), buffers, name="nothing", include=[INCLUDE], check=False)
    assert done.outputs["y"].tolist() == [1]
