"""A Metal kernel: run through `kvist.metal.Kernel`, on a GPU where there is one, else in the emulator."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.metal import Kernel

TEXT = """#include <metal_stdlib>
using namespace metal;
[[kernel]] void exercise_swiglu(const device float* gate [[buffer(0)]],
                                const device float* up [[buffer(1)]],
                                device float* out [[buffer(2)]],
                                uint3 thread_position_in_grid [[thread_position_in_grid]]) {
%s
}
"""


def _run(solution: ModuleType, n: int) -> np.ndarray:
    gate, up = (mx.random.normal((n,), key=mx.random.key(seed)) * 3 for seed in (0, 1))
    (out,) = Kernel(TEXT % solution.body())(
        inputs=[gate, up],
        grid=(n, 1, 1),
        threadgroup=(32, 1, 1),
        output_shapes=[(n,)],
        output_dtypes=[mx.float32],
    )
    want = np.array(gate) / (1 + np.exp(-np.array(gate))) * np.array(up)
    return np.abs(np.array(out) - want)


def check_values(solution: ModuleType) -> None:
    """Every element is silu(gate) * up."""
    worst = _run(solution, 96).max()
    assert worst < 1e-4, f"a number is off by {worst:.2g}"


def check_ragged(solution: ModuleType) -> None:
    """Also when the last threadgroup is not full."""
    worst = _run(solution, 77).max()
    assert worst < 1e-4, f"a number is off by {worst:.2g}"
