"""Calls of kernels/swiglu/swiglu.metal."""

from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output

VERSIONS = ("silu", "product", "fused", "vectorised")
PER_THREAD = 4


def launch(gate: mx.array, up: mx.array, version: str = "vectorised") -> Launch:
    """silu(gate) · up of two arrays of one shape and dtype: `out`, alike.

    "silu" and "product" are the two kernels without fusion: silu(gate), and gate · up. Raises KvistError on
    an unknown version.
    """
    if version not in VERSIONS:
        raise KvistError("swiglu", f"version {', '.join(VERSIONS)}", repr(version))
    buffers: dict[str, Any] = {"gate": gate, "up": up, "out": Output(gate.shape, gate.dtype)}
    threads = gate.size
    if version == "silu":
        del buffers["up"]
    elif version == "product":
        buffers["activated"] = buffers.pop("gate")
    elif version == "vectorised":
        buffers["size"] = gate.size
        threads = -(-gate.size // PER_THREAD)
    return Launch("swiglu", f"swiglu_{version}", (threads, 1, 1), (min(threads, 256) or 1, 1, 1), buffers)
