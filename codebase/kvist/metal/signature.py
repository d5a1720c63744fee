"""The Metal source that MLX generates around a kernel's body, written by us.

`mx.fast.metal_kernel` takes only the body of a kernel and writes the signature itself. This module writes the
same text (mlx/backend/common/metal_kernel.cpp, `write_signature`, MLX 0.32). It is the fallback for
`kvist.metal.trace`, which asks MLX, and states the rules that a kernel has to fit. A test holds both equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx

from kvist.metal.dtypes import MLX_NAMES
from kvist.metal.entry import BUILTINS

TemplateArgument = mx.Dtype | int | bool
MAX_CONSTANT_ELEMENTS = 8  # inputs with fewer elements are passed in the constant address space


@dataclass(frozen=True, slots=True)
class JitKernel:
    """The arguments of mx.fast.metal_kernel."""

    name: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    source: str
    header: str
    atomic_outputs: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """Source that defines one kernel instance called `name`."""

    name: str
    text: str


def write(
    kernel: JitKernel,
    inputs: Sequence[mx.array],
    output_dtypes: Sequence[mx.Dtype],
    template: Sequence[tuple[str, TemplateArgument]],
) -> Generated:
    """What MLX generates for a call with these inputs."""
    arguments = [_spelled(value) for _, value in template]
    parts = [f"custom_kernel_{kernel.name}"]
    if template:
        parts.append("_" + "_".join(arguments))
    parts += [MLX_NAMES[x.dtype] + _passing_suffix(x) for x in inputs]
    parts += [MLX_NAMES[dtype] for dtype in output_dtypes]
    name = "_".join(parts)
    text = kernel.header
    if template:
        text += f"template <{', '.join(f'{_kind(value)} {key}' for key, value in template)}>\n"
    parameters = _buffers(kernel, inputs, output_dtypes) + _builtins(kernel.source)
    text += f"[[kernel]] void {name}(\n" + ",\n".join(parameters) + ") {\n" + kernel.source + "\n}\n"
    if template:
        instance = f"{name}<{', '.join(arguments)}>"
        text += f'\ntemplate [[host_name("{name}")]] [[kernel]] decltype({instance}) {instance};\n'
    return Generated(name, text)


def _buffers(kernel: JitKernel, inputs: Sequence[mx.array], output_dtypes: Sequence[mx.Dtype]) -> list[str]:
    declarations = []
    for name, x in zip(kernel.input_names, inputs, strict=True):
        space = "constant" if x.size < MAX_CONSTANT_ELEMENTS else "device"
        declarations.append(f"const {space} {MLX_NAMES[x.dtype]}{'*' if x.ndim else '&'} {name}")
        # Found by a plain search of the body, comments included: a local variable of that name would collide.
        if x.ndim and f"{name}_shape" in kernel.source:
            declarations.append(f"const constant int* {name}_shape")
        if x.ndim and f"{name}_strides" in kernel.source:
            declarations.append(f"const constant int64_t* {name}_strides")
        if x.ndim and f"{name}_ndim" in kernel.source:
            declarations.append(f"const constant int& {name}_ndim")
    for name, dtype in zip(kernel.output_names, output_dtypes, strict=True):
        kind = f"atomic<{MLX_NAMES[dtype]}>" if kernel.atomic_outputs else MLX_NAMES[dtype]
        declarations.append(f"device {kind}* {name}")
    return [f"  {text} [[buffer({index})]]" for index, text in enumerate(declarations)]


def _builtins(body: str) -> list[str]:
    return [f"  {kind} {name} [[{name}]]" for name, kind in BUILTINS.items() if name in body]


def _passing_suffix(x: mx.array) -> str:
    if x.ndim == 0:
        return "s"
    return "c" if x.size < MAX_CONSTANT_ELEMENTS else ""


def _kind(value: TemplateArgument) -> str:
    if isinstance(value, bool):
        return "bool"
    return "int" if isinstance(value, int) else "typename"


def _spelled(value: TemplateArgument) -> str:
    return MLX_NAMES[value] if isinstance(value, mx.Dtype) else str(int(value))
