"""Calls of kernels/add_rms_norm/add_rms_norm.metal."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output, whole_simdgroups

VERSIONS = ("add", "fused", "registers")
PER_THREAD = 4
LONGEST_IN_REGISTERS = 1024 * PER_THREAD


def add(x: mx.array, residual: mx.array) -> Launch:
    """The sum alone, of two arrays of one shape and dtype: `hidden`."""
    buffers = {"x": x, "residual": residual, "hidden": Output(x.shape, x.dtype)}
    return Launch("add_rms_norm", "add_rms_norm_add", (x.size, 1, 1), (min(x.size, 256) or 1, 1, 1), buffers)


def launch(
    x: mx.array,
    residual: mx.array,
    weight: mx.array,
    eps: float,
    version: str | None = None,
    *,
    threads: int | None = None,
) -> Launch:
    """x + residual, both (..., D), and its RMSNorm times weight (D,): `hidden` and `out`, both (..., D).

    version: "fused", "registers" or None for the best one for this length. threads: per row, at most 1024; a
    quarter of the row without. Raises KvistError where the version cannot take the row.
    """
    dim = x.shape[-1]
    if version is None:
        version = "registers" if dim <= LONGEST_IN_REGISTERS else "fused"
    if version not in VERSIONS[1:]:
        raise KvistError("add_rms_norm", f"version {', '.join(VERSIONS[1:])}", repr(version))
    per_row = threads or whole_simdgroups(-(-dim // PER_THREAD))
    if version == "registers" and per_row * PER_THREAD < dim:
        need = f"rows of at most {PER_THREAD} elements a thread, {per_row * PER_THREAD}, for registers"
        raise KvistError("add_rms_norm", need, str(dim), 'version="fused" takes any length')
    arrays = {"x": x, "residual": residual, "weight": weight}
    outputs = {name: Output(x.shape, x.dtype) for name in ("hidden", "out")}
    grid = (per_row, x.size // dim, 1)
    buffers = {**arrays, "eps": eps, "dim": dim, **outputs}
    return Launch("add_rms_norm", f"add_rms_norm_{version}", grid, (per_row, 1, 1), buffers)
