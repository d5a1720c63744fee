"""Calls of kernels/softmax/softmax.metal."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output, whole_simdgroups

VERSIONS = ("naive", "simd", "online", "registers", "looped")
PER_THREAD = 4  # elements that a thread of the last two versions takes at once
LONGEST_IN_REGISTERS = 1024 * PER_THREAD


def launch(x: mx.array, version: str | None = None, *, threads: int | None = None) -> Launch:
    """Softmax of x (..., D) over the last axis: `out` (..., D).

    version: one of VERSIONS, or None for the best one for this length. threads: per row, at most 1024; a
    quarter of the row without. Raises KvistError where the version cannot take the row.
    """
    dim = x.shape[-1]
    if version is None:
        version = "registers" if dim <= LONGEST_IN_REGISTERS else "looped"
    if version not in VERSIONS:
        raise KvistError("softmax", f"version {', '.join(VERSIONS)}", repr(version))
    rows = x.size // dim if dim else 0
    per_row = threads or whole_simdgroups(-(-dim // PER_THREAD))
    if version == "registers" and per_row * PER_THREAD < dim:
        need = f"rows of at most {PER_THREAD} elements a thread, {per_row * PER_THREAD}, for registers"
        raise KvistError("softmax", need, str(dim), 'version="looped" takes any length')
    buffers = {"x": x, "dim": dim, "out": Output(x.shape, x.dtype)}
    if version == "naive":
        return Launch("softmax", "softmax_naive", (rows, 1, 1), (min(rows, 32) or 1, 1, 1), buffers)
    return Launch("softmax", f"softmax_{version}", (per_row, rows, 1), (per_row, 1, 1), buffers)
