"""Does a kernel's own signature say what MLX will generate for it?"""

from kvist.errors import KvistError
from kvist.metal.entry import BUILTINS
from kvist.metal.frontend import KernelFunction, line_of
from kvist.metal.parameters import Parameter
from kvist.metal.source import Source


def check_signature(source: Source, kernel: KernelFunction) -> None:
    """Raise KvistError, with the line, where it does not (see `kvist.metal.signature` for the rules)."""
    where = f"{source.label}:{line_of(source.text, kernel.start)}"
    for parameter in kernel.parameters:
        if parameter.attribute == "buffer":
            _check_buffer(parameter, source.text[slice(*kernel.body)], where)
        else:
            _check_builtin(parameter, where)
    if all(parameter.is_const for parameter in kernel.buffers):
        raise KvistError(where, "a `device T*` buffer to write", "none")


def _check_buffer(parameter: Parameter, body: str, where: str) -> None:
    name, kind = parameter.name, parameter.type_name
    if parameter.space != ("device" if parameter.is_pointer else "constant"):
        got = f"`{parameter.space} {kind}{'*' if parameter.is_pointer else '&'}`"
        raise KvistError(where, f"`{name}` as `device {kind}*` or `constant {kind}&`", got)
    for suffix in ("_shape", "_strides", "_ndim"):
        if name + suffix in body:
            hint = "MLX adds a parameter of this name when it finds it in the text"
            raise KvistError(where, f"another name in the body than {name}{suffix}", "it", hint)


def _check_builtin(parameter: Parameter, where: str) -> None:
    if parameter.attribute not in BUILTINS:
        raise KvistError(where, "an attribute that MLX knows", f"[[{parameter.attribute}]]")
    need = f"{BUILTINS[parameter.attribute]} {parameter.attribute}"
    got = f"{parameter.type_name} {parameter.name}"
    if got != need:
        raise KvistError(where, f"`{need} [[{parameter.attribute}]]`", f"`{got}`", "as MLX generates it")
