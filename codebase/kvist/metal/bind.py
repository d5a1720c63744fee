"""Fit the arrays of a call to the parameters of a kernel: names, types, and which instance of a template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal.dtypes import as_array, element_dtype, from_bytes, msl_name, to_bytes
from kvist.metal.frontend import KernelFunction, Parameter
from kvist.metal.process import BufferBytes


@dataclass(frozen=True, slots=True)
class Output:
    """A buffer for the kernel to fill. Without `init` every bit is one (NaN): unwritten elements show."""

    shape: tuple[int, ...]
    dtype: mx.Dtype
    init: float | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """One buffer parameter with its contents."""

    parameter: Parameter
    shape: tuple[int, ...]
    dtype: mx.Dtype
    data: bytes

    @property
    def writable(self) -> bool:
        return not self.parameter.is_const

    def as_bytes(self) -> BufferBytes:
        return BufferBytes(self.parameter.name, self.data, self.writable)

    def result(self, contents: Mapping[str, bytes]) -> mx.array:
        return from_bytes(contents[self.parameter.name], self.shape, self.dtype)


def bind(kernel: KernelFunction, buffers: Mapping[str, Any], where: str) -> list[Bound]:
    """One Bound per buffer parameter, in the order of [[buffer(n)]]."""
    names = [parameter.name for parameter in kernel.buffers]
    if set(buffers) != set(names):
        raise KvistError(where, f"buffers {', '.join(names)}", ", ".join(buffers) or "none")
    return [_bind_one(parameter, buffers[parameter.name], where) for parameter in kernel.buffers]


def _bind_one(parameter: Parameter, value: Any, where: str) -> Bound:
    declared = element_dtype(parameter.type_name)
    if isinstance(value, Output):
        if parameter.is_const:
            raise KvistError(where, f"values for `{parameter.name}`", "an Output", "the kernel only reads it")
        bound = Bound(parameter, tuple(value.shape), value.dtype, _initial(value))
    else:
        array = as_array(value, declared)
        bound = Bound(parameter, tuple(array.shape), array.dtype, to_bytes(array))
    if declared is not None and declared != bound.dtype:
        need = f"`{parameter.name}` of {msl_name(declared)}, as the kernel declares"
        raise KvistError(where, need, msl_name(bound.dtype), "cast it, or make the kernel a template")
    if parameter.is_reference and not bound.data:
        raise KvistError(where, f"a value for `{parameter.name}`", "an empty array")
    return bound


def _initial(output: Output) -> bytes:
    count = 1
    for length in output.shape:
        count *= length
    if output.init is None:
        return b"\xff" * (count * output.dtype.size)
    return to_bytes(mx.full(output.shape, output.init, output.dtype))


def instance(
    kernel: KernelFunction, bound: Sequence[Bound], template: Mapping[str, Any] | None, where: str
) -> str:
    """`rms_norm<half>`: template arguments as given, types otherwise from the buffers declared with them."""
    given = dict(template or {})
    arguments = []
    for kind, name in kernel.template:
        if name in given:
            arguments.append(_spelled(given.pop(name)))
            continue
        dtypes = {b.dtype for b in bound if kind == "typename" and b.parameter.type_name == name}
        if len(dtypes) != 1:
            users = ", ".join(
                f"{b.parameter.name} {msl_name(b.dtype)}" for b in bound if b.parameter.type_name == name
            )
            got = users or "no buffer that tells"
            raise KvistError(
                where, f"one type for template parameter {name}", got, f"pass template={{'{name}': ...}}"
            )
        arguments.append(msl_name(dtypes.pop()))
    if given:
        known = ", ".join(name for _, name in kernel.template) or "none"
        raise KvistError(where, f"template parameters {known}", ", ".join(given))
    return f"{kernel.name}<{', '.join(arguments)}>" if arguments else kernel.name


def _spelled(argument: Any) -> str:
    if isinstance(argument, mx.Dtype):
        return msl_name(argument)
    return str(argument).lower() if isinstance(argument, bool) else str(argument)
