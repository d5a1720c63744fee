"""One Metal kernel, callable on any machine: the GPU where there is Metal, the emulator elsewhere."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import trace
from kvist.metal.buffers import Output
from kvist.metal.dtypes import as_array, element_dtype, msl_name
from kvist.metal.emulate import emulate_generated
from kvist.metal.fit import check_signature
from kvist.metal.frontend import KernelFunction, line_of
from kvist.metal.parameters import Parameter
from kvist.metal.signature import MAX_CONSTANT_ELEMENTS, Generated, JitKernel, TemplateArgument
from kvist.metal.source import Source, load, require_ascii

# The names from MLX's own utils.h that the signatures it generates use.
_MLX_NAMES = "typedef half float16_t;\ntypedef bfloat bfloat16_t;\n"


class Kernel:
    """A kernel of a complete .metal file, made callable as `mx.fast.metal_kernel` makes a body callable.

    The file's helpers become MLX's `header` and the kernel's body its `source`; MLX writes the signature. For
    that the file's own signature has to say the same: arrays are `device`, single values `constant T&`, and
    built-in values are parameters with the attribute's own name and MLX's type. Anything else raises
    KvistError here, on every machine. Arrays with fewer than eight elements are padded: MLX would pass them
    as `constant`.
    """

    def __init__(self, source: str | Path, *, name: str | None = None) -> None:
        self.source: Source = load(source)
        require_ascii(self.source)
        self.function: KernelFunction = self.source.module.kernel(name, self.source.label)
        self.name = self.function.name
        self.inputs = tuple(p for p in self.function.buffers if p.is_const)
        self.outputs = tuple(p for p in self.function.buffers if not p.is_const)
        check_signature(self.source, self.function)

    def __call__(
        self,
        *,
        inputs: Sequence[Any],
        grid: Sequence[int],
        threadgroup: Sequence[int],
        output_shapes: Sequence[Sequence[int]],
        output_dtypes: Sequence[mx.Dtype],
        template: Sequence[tuple[str, TemplateArgument]] | Mapping[str, TemplateArgument] | None = None,
        init_value: float | None = None,
    ) -> list[mx.array]:
        """Run the kernel over `grid` threads in groups of `threadgroup` and return its outputs.

        inputs: arrays or numbers in the order of the file's const buffers; outputs likewise. template: as for
        mx.fast.metal_kernel; types may be left out where a buffer tells them. init_value: what the outputs
        hold before the run. Off a Mac the call evaluates its inputs at once.
        """
        self._check_kinds(inputs, output_shapes, output_dtypes, template)
        arrays = self._arrays(inputs)
        self._check_counts(output_shapes, output_dtypes)
        pairs = zip(self.outputs, output_shapes, output_dtypes, strict=True)
        outputs = {p.name: Output(_lengths(shape), dtype, init_value) for p, shape, dtype in pairs}
        output_dtypes = [out.dtype for out in outputs.values()]
        arguments = self._template(arrays, output_dtypes, dict(template or {}))
        if mx.metal.is_available():
            extra = {"template": arguments} if arguments else {}
            return self._jit(
                inputs=arrays,
                grid=tuple(grid),
                threadgroup=tuple(threadgroup),
                output_shapes=[out.shape for out in outputs.values()],
                output_dtypes=output_dtypes,
                init_value=init_value,
                **extra,
            )
        made = trace.generated(self.jit_kernel, arrays, output_dtypes, arguments)
        return self._emulate(made, arrays, outputs, grid, threadgroup)

    def _emulate(
        self,
        made: Generated,
        arrays: Sequence[mx.array],
        outputs: Mapping[str, Output],
        grid: Sequence[int],
        threadgroup: Sequence[int],
    ) -> list[mx.array]:
        label = self.source.label
        source = Source(f'{_MLX_NAMES}#line 1 "{label}"\n{made.text}', label, self.source.path)

        def emulated(*inputs: mx.array) -> list[mx.array]:
            buffers = {p.name: x for p, x in zip(self.inputs, inputs, strict=True)} | dict(outputs)
            done = emulate_generated(source, made.name, grid, threadgroup, buffers)
            return [done.outputs[name] for name in outputs]

        # A kernel has no derivative on a Mac either; without this it would silently be zero here.
        run: Any = mx.custom_function(emulated)
        run.vjp(self._refuse_derivative)
        run.jvp(self._refuse_derivative)
        return list(run(*arrays))

    def _refuse_derivative(self, *_: Any) -> NoReturn:
        raise KvistError(self._where, "values", "mx.grad, mx.vjp or mx.jvp", "a kernel has no derivative")

    @cached_property
    def jit_kernel(self) -> JitKernel:
        """The arguments of mx.fast.metal_kernel. #line makes compile errors name the lines of the file."""
        text, (begin, end) = self.source.text, self.function.body
        body = f'\n#line {line_of(text, begin)} "{self.source.label}"\n{text[begin:end].rstrip()}'
        return JitKernel(
            name=self.name,
            input_names=tuple(p.name for p in self.inputs),
            output_names=tuple(p.name for p in self.outputs),
            source=body,
            header=self.source.module.helpers_of(self.function),
            atomic_outputs=any(p.type_name.startswith("atomic") for p in self.outputs),
        )

    @cached_property
    def _jit(self) -> Any:
        k = self.jit_kernel
        return mx.fast.metal_kernel(
            name=k.name,
            input_names=list(k.input_names),
            output_names=list(k.output_names),
            source=k.source,
            header=k.header,
            atomic_outputs=k.atomic_outputs,
        )

    def _arrays(self, inputs: Sequence[Any]) -> list[mx.array]:
        if len(inputs) != len(self.inputs):
            names = ", ".join(p.name for p in self.inputs)
            raise KvistError(self._where, f"{len(self.inputs)} inputs ({names})", str(len(inputs)))
        return [self._array(p, value) for p, value in zip(self.inputs, inputs, strict=True)]

    def _array(self, p: Parameter, value: Any) -> mx.array:
        declared = element_dtype(p.type_name)
        array = as_array(value, declared)
        if declared is not None and array.dtype != declared:
            raise KvistError(
                self._where, f"`{p.name}` of {msl_name(declared)}", msl_name(array.dtype), "cast it"
            )
        if p.is_reference and array.ndim:
            raise KvistError(self._where, f"one value for `{p.name}`", f"an array of shape {array.shape}")
        if p.is_pointer and array.size < MAX_CONSTANT_ELEMENTS:
            return mx.pad(array.reshape(-1), (0, MAX_CONSTANT_ELEMENTS - array.size))
        return array

    def _template(
        self,
        arrays: Sequence[mx.array],
        output_dtypes: Sequence[mx.Dtype],
        given: dict[str, TemplateArgument],
    ) -> list[tuple[str, TemplateArgument]]:
        parameters = (*self.inputs, *self.outputs)
        dtypes = (*(x.dtype for x in arrays), *output_dtypes)
        arguments: list[tuple[str, TemplateArgument]] = []
        for _, name in self.function.template:
            used = {d for p, d in zip(parameters, dtypes, strict=True) if p.type_name == name}
            value = given.pop(name, None)
            if len(used if value is None else used - {value}) != (value is None):
                got = ", ".join(sorted(msl_name(d) for d in used)) or "no buffer that tells"
                raise KvistError(self._where, f"one type for template parameter {name}", got)
            arguments.append((name, next(iter(used)) if value is None else value))
        if given:
            raise KvistError(self._where, "template parameters of the kernel", ", ".join(given))
        return arguments

    def _check_kinds(self, inputs: Any, shapes: Any, dtypes: Any, template: Any) -> None:
        for name, given in (("inputs", inputs), ("output_shapes", shapes), ("output_dtypes", dtypes)):
            if not isinstance(given, list | tuple):
                raise KvistError(self._where, f"a list as {name}", repr(given)[:80])
        pairs = list(template) if isinstance(template, list | tuple) else []
        known = template is None or isinstance(template, Mapping | list | tuple)
        if not known or any(not isinstance(pair, list | tuple) or len(pair) != 2 for pair in pairs):
            raise KvistError(self._where, "template={'T': mx.float16}", repr(template)[:80])

    def _check_counts(self, shapes: Sequence[Sequence[int]], dtypes: Sequence[mx.Dtype]) -> None:
        if not len(shapes) == len(dtypes) == len(self.outputs):
            names = ", ".join(p.name for p in self.outputs)
            got = f"{len(shapes)} shapes and {len(dtypes)} dtypes"
            raise KvistError(self._where, f"output_shapes and output_dtypes for {names}", got)

    @property
    def _where(self) -> str:
        return f"metal {self.name}"


def _lengths(shape: Any) -> Any:
    """A length alone stays one; `Output` says what is no shape."""
    return tuple(shape) if isinstance(shape, Sequence) and not isinstance(shape, str) else shape
