"""What a kernel must be to be run at all, whatever the call says."""

import difflib
from collections.abc import Iterator, Sequence

from kvist.errors import KvistError
from kvist.metal.entry import BUILTINS, UNSUPPORTED
from kvist.metal.frontend import KernelFunction, Module
from kvist.metal.layouts import bodies, statements
from kvist.metal.lint.names import ATTRIBUTES
from kvist.metal.parameters import Parameter, without_attributes
from kvist.metal.places import place_of
from kvist.metal.tokens import Token, significant, tokenize

_NEAR = sorted({*BUILTINS, *UNSUPPORTED, "buffer", "threadgroup", "function_constant"})


def require_runnable(module: Module, kernel: KernelFunction, label: str) -> None:
    """Raise KvistError for the first parameter that no run can give a value, whatever the buffers are.

    An attribute that Metal does not have, one that is not emulated, pointers inside of a buffer.
    """
    tokens: list[Token] = []
    for p in kernel.parameters:
        file, line = place_of(module.text, p.start, label)
        where = f"{file}:{line}"
        if p.attribute not in ATTRIBUTES:
            near = difflib.get_close_matches(p.attribute, _NEAR, 1)
            hint = f"did you mean [[{near[0]}{'(n)' if near[0] == 'buffer' else ''}]]?" if near else ""
            raise KvistError(
                where, f"an attribute of Metal for parameter `{p.name}`", f"[[{p.attribute}]]", hint
            )
        if p.attribute in UNSUPPORTED:
            need = f"buffers and built-in values as parameters, not `{p.name}`"
            raise KvistError(where, need, f"[[{p.attribute}]]", UNSUPPORTED[p.attribute])
        if p.attribute != "buffer":
            continue
        tokens = tokens or significant(tokenize(module.text))
        _require_plain(p, tokens, where)


def _require_plain(p: Parameter, tokens: Sequence[Token], where: str) -> None:
    """KvistError where the kernel would follow a pointer that stands in the buffer."""
    words = [t.text for t in tokens if p.start <= t.start]
    words = words[: next((i for i, w in enumerate(words) if w in (",", ")", "[")), len(words))]
    if words.count("*") > 1:
        need, got = f"plain values in `{p.name}`", "pointers to other buffers"
    else:
        found = list(pointers_in(tokens, p.type_name))
        used = [name for name in found if _member(tokens, name)]
        if not used:
            return
        need = f"plain values in `{p.name}`"
        got = f"{p.type_name} with the pointer{'s' if len(used) > 1 else ''} {', '.join(used)}"
    hint = "an array cannot hold the address of a buffer: make each a parameter, `device T* x [[buffer(n)]]`"
    raise KvistError(where, need, got, f"argument buffers are not emulated; {hint}")


def pointers_in(tokens: Sequence[Token], kind: str, depth: int = 0) -> Iterator[str]:
    """Names of the fields of `struct kind`, and of structs in it, that are pointers or textures."""
    for body in bodies(tokens, kind):
        for statement in statements(body):
            words = [t.text for t in without_attributes(statement)[0]]
            if "(" in words or "typedef" in words or "static" in words or "using" in words:
                continue
            name = _declared(words)
            if "*" in words or "&" in words or any(w.startswith(("texture", "sampler")) for w in words[:-1]):
                yield name
            elif depth < 8:
                for inner in words[:-1]:
                    if inner.isidentifier() and inner != kind:
                        yield from pointers_in(tokens, inner, depth + 1)


def _declared(words: Sequence[str]) -> str:
    """`x` of `device float* x [[id(0)]]`, `x[4]` and `x = nullptr`."""
    end = next((i for i, w in enumerate(words) if w in ("[", "=")), len(words))
    return next((w for w in reversed(words[:end]) if w.isidentifier()), "?")


def _member(tokens: Sequence[Token], name: str) -> bool:
    """Whether `.name` or `->name` stands in the text."""
    return any(
        t.text == name
        and tokens[i - 1].text in (".", ">")
        and (tokens[i - 1].text == "." or tokens[i - 2].text == "-")
        for i, t in enumerate(tokens)
        if i > 1
    )
