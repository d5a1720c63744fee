"""Fit the arrays of a call to the parameters of a kernel: names, types, and which instance of a template."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal.buffers import Input, Output
from kvist.metal.dtypes import element_dtype, from_bytes, msl_name, raw_bytes, to_numpy
from kvist.metal.frontend import KernelFunction
from kvist.metal.instantiations import Instantiation
from kvist.metal.parameters import Parameter
from kvist.metal.process import BufferBytes
from kvist.metal.tokens import significant, split_commas, tokenize


@dataclass(frozen=True, slots=True)
class Bound:
    """One buffer parameter with its contents. mode: "input", "output" or "inout"."""

    parameter: Parameter
    shape: tuple[int, ...]
    dtype: mx.Dtype
    data: bytes
    mode: str

    @property
    def writable(self) -> bool:
        return self.mode != "input"

    def as_bytes(self) -> BufferBytes:
        return BufferBytes(self.parameter.name, self.data, self.mode)

    def result(self, contents: Mapping[str, bytes]) -> mx.array:
        return from_bytes(contents[self.parameter.name], self.shape, self.dtype)


def bind(
    kernel: KernelFunction,
    buffers: Mapping[str, Any],
    where: str,
    types: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
) -> list[Bound]:
    """One Bound per buffer parameter that is there, in the order of [[buffer(n)]].

    types: what template parameters stand for. constants: values of function constants; a parameter whose
    function constant is false is not there.
    """
    if not isinstance(buffers, Mapping):
        raise KvistError(where, "buffers by name", type(buffers).__name__, "such as {'x': array}")
    names = [p.name for p in kernel.buffers]
    absent = {p.name for p in kernel.buffers if p.condition and not _present(p, buffers, constants or {})}
    if not set(buffers) <= set(names) or not set(names) - absent <= set(buffers):
        missing = [name for name in names if name not in absent and name not in buffers]
        got = ", ".join(map(str, buffers)) or "none"
        hint = f"missing: {', '.join(missing)}" if missing else ""
        raise KvistError(where, f"buffers {', '.join(names)}", got, hint)
    here = [p for p in kernel.buffers if p.name not in absent]
    return [_bind_one(p, buffers[p.name], where, types or {}) for p in here]


def _present(parameter: Parameter, buffers: Mapping[str, Any], constants: Mapping[str, str]) -> bool:
    value = constants.get(parameter.condition)
    return parameter.name in buffers if value is None else value not in ("0", "false")


def _is_bytes(parameter: Parameter, declared: mx.Dtype) -> bool:
    """`device const char* x`, which kernels cast to what is there: it may hold anything."""
    return parameter.is_pointer and declared in (mx.int8, mx.uint8)


def _bind_one(parameter: Parameter, value: Any, where: str, types: Mapping[str, str]) -> Bound:
    declared = element_dtype(types.get(parameter.type_name, parameter.type_name))
    if isinstance(value, Output):
        if parameter.is_const:
            raise KvistError(where, f"values for `{parameter.name}`", "an Output", "the kernel only reads it")
        mode = "output" if value.init is None else "inout"
        bound = Bound(parameter, value.shape, value.dtype, value.contents(), mode)
    else:
        mode = "input" if parameter.is_const or isinstance(value, Input) else "inout"
        inner = value.value if isinstance(value, Input) else value
        shape, dtype, data = raw_bytes(inner, declared, f"{where}: {parameter.name}")
        bound = Bound(parameter, shape, dtype, data, mode)
    if declared is not None and declared != bound.dtype and not _is_bytes(parameter, declared):
        need = f"`{parameter.name}` of {msl_name(declared)}, as the kernel declares"
        raise KvistError(where, need, msl_name(bound.dtype), "cast it, or make the kernel a template")
    kind = types.get(parameter.type_name, parameter.type_name)
    single = parameter.is_reference and not parameter.is_array and parameter.is_const and _is_scalar(kind)
    if single and declared is not None and len(bound.data) > declared.size:
        need = f"one value for `{parameter.name}`, which is {parameter.space} {kind}&"
        raise KvistError(where, need, str(len(bound.data) // declared.size))
    width = _width(kind) if parameter.is_reference and not parameter.is_array and parameter.is_const else 0
    if width and declared is not None and len(bound.data) // declared.size not in _fitting(width):
        need = f"{width} numbers for `{parameter.name}`, which is {parameter.space} {kind}&"
        raise KvistError(where, need, str(len(bound.data) // declared.size))
    if parameter.is_reference and not bound.data:
        raise KvistError(where, f"a value for `{parameter.name}`", "an empty array")
    return bound


def _width(type_name: str) -> int:
    """3 of `uint3` and `vec<float, 3>`; 0 of what is no vector."""
    found = re.fullmatch(r"(?:metal::)?(?:(?:packed_)?[a-z]+([234])|vec<[^<>]*,\s*([234])>)", type_name)
    return int(found[1] or found[2]) if found else 0


def _fitting(width: int) -> tuple[int, ...]:
    return (3, 4) if width == 3 else (width,)  # three numbers take the place of four


def _is_scalar(type_name: str) -> bool:
    """`uint`, `uint8_t` or `atomic<int>`, not `uint2` or `vec<float, 2>`."""
    return re.fullmatch(r"(metal::)?(atomic<)?[a-z_ ]*[a-z](8|16|32|64)?(_t)?>?", type_name) is not None


def template_types(kernel: KernelFunction, made: Instantiation | None) -> dict[str, str]:
    """{"T": "half"} for the instance `f<half, 4>` of `template <typename T, int N>`."""
    if made is None:
        return {}
    text = made.instance
    tokens = significant(tokenize(text[text.index("<") + 1 : text.rindex(">")]))
    arguments = ["".join(t.text for t in piece) for piece in split_commas(tokens)]
    pairs = zip(kernel.template, arguments, strict=False)
    return {name: argument for (kind, name), argument in pairs if kind == "typename"}


def fits(kernel: KernelFunction, made: Instantiation | None, buffers: Mapping[str, Any]) -> bool:
    """Whether the arrays among the buffers have the types that the instance gives them."""
    types = template_types(kernel, made)
    for p in kernel.buffers if isinstance(buffers, Mapping) else ():
        given = buffers.get(p.name)
        dtype = getattr(given.value if isinstance(given, Input) else given, "dtype", None)
        declared = element_dtype(types[p.type_name]) if p.type_name in types else None
        if declared is None or dtype is None:
            continue
        if dtype != (declared if isinstance(dtype, mx.Dtype) else to_numpy(declared)):
            return False
    return True


def instance(
    kernel: KernelFunction,
    bound: Sequence[Bound],
    template: Mapping[str, Any] | None,
    where: str,
    known: Sequence[str] = (),
) -> str:
    """`rms_norm<half>`: template arguments as given, types otherwise from the buffers declared with them.

    known: names of the instances that the file has, for the error.
    """
    given = dict(template or {})
    arguments = []
    for kind, name in kernel.template:
        if name in given:
            arguments.append(_spelled(given.pop(name)))
            continue
        dtypes = {b.dtype for b in bound if kind == "typename" and b.parameter.type_name == name}
        if not dtypes and name in kernel.defaulted:
            break
        if len(dtypes) != 1:
            users = ", ".join(
                f"{b.parameter.name} {msl_name(b.dtype)}" for b in bound if b.parameter.type_name == name
            )
            got = users or "no buffer that tells"
            what = "type" if kind == "typename" else "value"
            hint = f"pass template={{'{name}': ...}}"
            hint += f", or one of these as the kernel's name: {', '.join(known)}" if known else ""
            raise KvistError(where, f"one {what} for template parameter {name}", got, hint)
        arguments.append(msl_name(dtypes.pop()))
    if given:
        known = ", ".join(name for _, name in kernel.template) or "none"
        raise KvistError(where, f"template parameters {known}", ", ".join(given))
    return f"{kernel.name}<{', '.join(arguments)}>" if arguments else kernel.name


def _spelled(argument: Any) -> str:
    if isinstance(argument, mx.Dtype):
        return msl_name(argument)
    return str(argument).lower() if isinstance(argument, bool) else str(argument)
