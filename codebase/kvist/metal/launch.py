"""One call of a kernel of the house: which kernel, how many threads, which buffers.

The operators run it for its values; tests and notes emulate the very same call for its reports and counters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import mlx.core as mx

from kvist.metal.buffers import Output
from kvist.metal.emulate import Emulation, emulate
from kvist.metal.files import kernel_path
from kvist.metal.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Launch:
    """A kernel of kernels/<op>/<op>.metal with everything that a run of it needs."""

    op: str
    kernel: str
    """The name of the kernel in the file."""
    grid: tuple[int, int, int]
    """Threads in x, y and z, as in Metal's dispatchThreads."""
    threadgroup: tuple[int, int, int]
    buffers: Mapping[str, Any]
    """By the kernel's names: an array or a number for what it reads, an `Output` for what it fills."""
    template: Mapping[str, Any] = field(default_factory=dict)
    """Template parameters that the buffers do not tell."""

    def run(self) -> list[mx.array]:
        """The kernel's outputs: from the GPU of a Mac, elsewhere from the emulator, unchecked."""
        kernel = _kernel(self.op, self.kernel)
        outputs: list[Output] = [self.buffers[p.name] for p in kernel.outputs]
        return kernel(
            inputs=[self.buffers[p.name] for p in kernel.inputs],
            grid=self.grid,
            threadgroup=self.threadgroup,
            output_shapes=[out.shape for out in outputs],
            output_dtypes=[out.dtype for out in outputs],
            template=dict(self.template),
            init_value=outputs[0].init,
        )

    def emulate(self, text: str | None = None, **options: Any) -> Emulation:
        """`kvist.metal.emulate` of this call, or of `text` in place of the file; options as there."""
        return emulate(
            text or kernel_path(self.op),
            self.grid,
            self.threadgroup,
            self.buffers,
            name=self.kernel,
            template=dict(self.template),
            **options,
        )


@cache
def _kernel(op: str, name: str) -> Kernel:
    return Kernel(kernel_path(op), name=name)


def whole_simdgroups(threads: int) -> int:
    """The next multiple of 32, at most the 1024 threads that a threadgroup may have."""
    return min(1024, max(1, -(-threads // 32)) * 32)
