"""Calls of kernels/linear/linear.metal."""

from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output
from kvist.ops.affine import QuantizedWeight

VERSIONS = ("gemv_naive", "gemv_simd", "gemv_prescaled", "gemm_tiled", "gemm_matrix")
FEW = 8  # vectors up to which a row of W is read for each of them
ROWS_PER_SIMDGROUP = 4
TILE, BLOCK = 16, 32


def launch(x: mx.array, weight: QuantizedWeight, version: str | None = None) -> Launch:
    """x (M, K) times W (N, K) of 4 bits, transposed: `out` (M, N) in the dtype of x.

    version: one of VERSIONS, or None for gemv_prescaled for a few vectors and gemm_matrix for more. Raises
    KvistError on an unknown version.
    """
    m, n, k = x.shape[0], weight.num_rows, x.shape[1]
    if version is None:
        version = "gemv_prescaled" if m <= FEW else "gemm_matrix"
    if version not in VERSIONS:
        raise KvistError("linear", f"version {', '.join(VERSIONS)}", repr(version))
    sizes: dict[str, Any] = {"columns": k, "group_size": weight.group_size}
    if version == "gemv_naive":
        grid, threadgroup = (n, m, 1), (min(n, 64), 1, 1)
    elif version == "gemv_simd":
        grid, threadgroup = (32, n, m), (32, min(n, 8), 1)
    elif version == "gemv_prescaled":
        simdgroups = -(-n // ROWS_PER_SIMDGROUP)
        grid, threadgroup = (32, simdgroups, m), (32, min(simdgroups, 2), 1)
        sizes["num_rows"] = n
    elif version == "gemm_tiled":
        grid, threadgroup = (_up(n, TILE), _up(m, TILE), 1), (TILE, TILE, 1)
        sizes |= {"num_rows": n, "num_vectors": m}
    else:
        grid, threadgroup = (4 * _up(n, BLOCK), -(-m // BLOCK), 1), (4 * BLOCK, 1, 1)
        sizes |= {"num_rows": n, "num_vectors": m}
    arrays = {"packed": weight.packed, "scales": weight.scales, "biases": weight.biases}
    buffers = {"x": x, **arrays, **sizes, "out": Output((m, n), x.dtype)}
    return Launch("linear", f"linear_{version}", grid, threadgroup, buffers)


def _up(count: int, multiple: int) -> int:
    return -(-count // multiple) * multiple
