"""Get the Metal source that MLX would compile on a Mac, on a machine without Metal.

`mx.fast.metal_kernel` refuses to run without Metal, but `mx.export_function` records the call in the graph
that it hands to a callback, with the generated source. So what the emulator executes is MLX's own text.
"""

from collections.abc import Sequence
from typing import Any

import mlx.core as mx

from kvist.metal.signature import Generated, JitKernel, TemplateArgument, write


def generated(
    kernel: JitKernel,
    inputs: Sequence[mx.array],
    output_dtypes: Sequence[mx.Dtype],
    template: Sequence[tuple[str, TemplateArgument]],
) -> Generated:
    """MLX's text for this call, or ours (`kvist.metal.signature`) where MLX does not give it."""
    return traced(kernel, inputs, output_dtypes, template) or write(kernel, inputs, output_dtypes, template)


def traced(
    kernel: JitKernel,
    inputs: Sequence[mx.array],
    output_dtypes: Sequence[mx.Dtype],
    template: Sequence[tuple[str, TemplateArgument]],
) -> Generated | None:
    """MLX's text for this call; None if this MLX records something else (the export API is experimental)."""
    jit: Any = mx.fast.metal_kernel(
        name=kernel.name,
        input_names=list(kernel.input_names),
        output_names=list(kernel.output_names),
        source=kernel.source,
        header=kernel.header,
        atomic_outputs=kernel.atomic_outputs,
    )

    def call(*arrays: mx.array) -> list[mx.array]:
        return jit(
            inputs=list(arrays),
            grid=(1, 1, 1),
            threadgroup=(1, 1, 1),
            output_shapes=[(1,) for _ in output_dtypes],
            output_dtypes=list(output_dtypes),
            **({"template": list(template)} if template else {}),
        )

    records: list[dict[str, Any]] = []
    try:
        mx.export_function(records.append, call, *inputs)
        return _from_records(records)
    except (RuntimeError, ValueError, TypeError):
        return None


def _from_records(records: Sequence[dict[str, Any]]) -> Generated | None:
    for record in records:
        if record.get("name") == "CustomKernel":
            texts = [a for a in record.get("arguments", ()) if isinstance(a, str)]
            if len(texts) >= 2 and "[[kernel]]" in texts[1]:
                return Generated(texts[0], texts[1])
    return None
