"""Read Metal source: which kernels it defines, with which parameters, and where their bodies are.

This is not a compiler. It finds kernel functions by their `kernel` or `[[kernel]]` mark, reads their
parameter lists, and leaves everything else to the C++ compiler (elsewhere) or Apple's (on a Mac).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kvist.errors import KvistError
from kvist.metal.function_constants import FunctionConstant, find_constants
from kvist.metal.instantiations import Instantiation, instantiation
from kvist.metal.parameters import Parameter, named_numbers, parameters_of
from kvist.metal.places import place_of
from kvist.metal.tokens import (
    Token,
    attribute_end,
    is_attribute,
    matching,
    significant,
    split_commas,
    tokenize,
)


@dataclass(frozen=True, slots=True)
class KernelFunction:
    """A kernel with a body. Its text begins at `start` with the template head; `body` excludes the braces."""

    name: str
    host_name: str
    namespace: str  # "a::b::" or empty
    template: tuple[tuple[str, str], ...]  # ("typename", "T"), ("int", "N")
    defaulted: frozenset[str]  # those of them that have a default
    parameters: tuple[Parameter, ...]
    start: int
    body: tuple[int, int]
    end: int

    @property
    def buffers(self) -> tuple[Parameter, ...]:
        """The parameters that are [[buffer(n)]], in the order of n."""
        return tuple(sorted((p for p in self.parameters if p.attribute == "buffer"), key=lambda p: p.index))

    @property
    def threadgroup_arguments(self) -> tuple[Parameter, ...]:
        """The parameters that are `[[threadgroup(n)]]`."""
        return tuple(p for p in self.parameters if p.attribute == "threadgroup")


@dataclass(frozen=True, slots=True)
class Module:
    """What one Metal source text defines."""

    text: str
    kernels: tuple[KernelFunction, ...]
    instantiations: tuple[Instantiation, ...]
    constants: tuple[FunctionConstant, ...]
    not_void: tuple[tuple[str, str, int], ...] = ()  # name, type and offset of what is marked but no kernel

    def helpers_of(self, kernel: KernelFunction) -> str:
        """The text in front of a kernel without other kernels, every line where it was."""
        text = self.text[: kernel.start]
        spans = [(k.start, k.end) for k in self.kernels] + [(i.start, i.end) for i in self.instantiations]
        return blank(text, [span for span in spans if span[1] <= kernel.start])

    def max_threads(self, kernel: KernelFunction) -> float:
        """N of `[[max_total_threads_per_threadgroup(N)]]`; infinity without."""
        begin = max(self.text.rfind(mark, 0, kernel.start) for mark in ";}") + 1
        found = _MAX_THREADS.search(self.text, begin, kernel.body[0])
        return int(found[1]) if found else math.inf

    def kernel(self, name: str | None, label: str) -> KernelFunction:
        """The kernel called `name`; without a name the only one there is."""
        return self.find(name, label)[0]

    def find(self, name: str | None, label: str) -> tuple[KernelFunction, Instantiation | None]:
        """A kernel by its name, by the host_name of an instantiation, or as `name<arguments>`."""
        known = {k.host_name: k for k in self.kernels} | {k.name: k for k in self.kernels}
        for other, kind, offset in self.not_void:
            if other == name or not (known or name):
                file, line = place_of(self.text, offset, label)
                raise KvistError(f"{file}:{line}", f"a kernel that returns void, `kernel void {other}`", kind)
        if not known:
            raise KvistError(label, "a function marked [[kernel]]", "none")
        instances = [i for i in self.instantiations if i.kernel in known]
        if name is None and len(self.kernels) == 1:
            return self.kernels[0], instances[0] if len(instances) == 1 else None
        for i in instances:
            if name == i.host_name or (name and _squeezed(name) == _squeezed(i.instance)):
                return known[i.kernel], i
        if name in known:
            return known[name], None
        plain, bracket, _ = (name or "").partition("<")
        if bracket and plain.strip() in known and name:
            made = Instantiation(name, plain.strip(), name, 0, 0)
            return known[plain.strip()], made
        names = [*(k.name for k in self.kernels), *(i.host_name for i in self.instantiations)]
        listed = ", ".join(dict.fromkeys(names))
        need = "the name of one kernel" if name is None else f"a kernel {name!r}"
        raise KvistError(label, need, f"a file with {listed}", "pass name=")


_MAX_THREADS = re.compile(r"\bmax_total_threads_per_threadgroup\s*\(\s*(\d+)\s*\)")


def _squeezed(text: str) -> str:
    return "".join(text.split())


@lru_cache(maxsize=64)
def parse(text: str) -> Module:
    """Find the kernels and explicit instantiations of a Metal source text."""
    tokens = significant(tokenize(text))
    kernels: list[KernelFunction] = []
    instantiations: list[Instantiation] = []
    not_void: list[tuple[str, str, int]] = []
    namespaces: list[str] = []  # one entry for each open brace
    index = 0
    while index < len(tokens):
        word = tokens[index].text
        if word == "{":
            namespaces.append(_namespace_before(tokens, index))
        elif word == "}" and namespaces:
            namespaces.pop()
        elif word == "template" and index + 1 < len(tokens) and tokens[index + 1].text != "<":
            made, index = instantiation(text, tokens, index)
            if made is not None:
                instantiations.append(made)
            continue
        after_mark = _kernel_mark(tokens, index)
        if after_mark and tokens[after_mark].text == "void":
            kernel, index = _kernel(tokens, index, after_mark, "".join(namespaces))
            if kernel is not None:
                kernels.append(kernel)
            continue
        if after_mark:
            not_void += _not_void(tokens, after_mark)
        index = after_mark or index + 1
    return Module(text, tuple(kernels), tuple(instantiations), find_constants(tokens), tuple(not_void))


def blank(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Spaces in place of the spans; line breaks stay."""
    for start, end in spans:
        text = text[:start] + "".join(c if c == "\n" else " " for c in text[start:end]) + text[end:]
    return text


def line_of(text: str, offset: int) -> int:
    """Line number, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1


def _namespace_before(tokens: Sequence[Token], brace: int) -> str:
    """`a::` for the brace of `namespace a {`."""
    start = brace - 1
    while start > 0 and (tokens[start].kind == "name" or tokens[start].text == "::"):
        if tokens[start].text == "namespace":
            name = "".join(t.text for t in tokens[start + 1 : brace])
            return f"{name}::" if name else ""
        start -= 1
    return ""


def _kernel_mark(tokens: Sequence[Token], index: int) -> int:
    """If a kernel mark stands at `index`, the index after it and the attributes behind it, else 0."""
    after = 0
    if is_attribute(tokens, index):
        end = attribute_end(tokens, index)
        items = [piece[0].text for piece in split_commas(tokens[index + 2 : end - 2]) if piece]
        after = end if "kernel" in items else 0
    elif tokens[index].text == "kernel" and tokens[index].kind == "name":
        after = index + 1
    while after and after < len(tokens) and is_attribute(tokens, after):
        after = attribute_end(tokens, after)
    return after if after < len(tokens) else 0


def _not_void(tokens: Sequence[Token], index: int) -> list[tuple[str, str, int]]:
    """`int k(` behind a kernel mark: name, type, offset."""
    end = index
    while end < len(tokens) and (
        tokens[end].kind == "name" or tokens[end].text in ("::", "<", ">", "*", "&")
    ):
        end += 1
    if end >= len(tokens) or tokens[end].text != "(" or end == index or tokens[end - 1].kind != "name":
        return []
    kind = " ".join(t.text for t in tokens[index : end - 1])
    return [(tokens[end - 1].text, kind or "no type", tokens[end - 1].start)]


def _kernel(
    tokens: Sequence[Token], mark: int, void: int, namespace: str
) -> tuple[KernelFunction | None, int]:
    """The kernel whose mark stands at `mark`, None for a mere declaration, and the index behind it."""
    name, opening = tokens[void + 1], void + 2
    if opening >= len(tokens) or tokens[opening].text != "(":
        raise KvistError("metal", "`(` after the kernel's name", f"{name.text!r}")
    closing = matching(tokens, opening)
    inside = tokens[opening + 1 : closing]
    numbers = named_numbers(tokens) if any(t.text == "buffer" for t in inside) else {}
    behind = closing + 1
    while behind < len(tokens) and is_attribute(tokens, behind):
        behind = attribute_end(tokens, behind)
    if behind >= len(tokens) or tokens[behind].text != "{":
        if behind < len(tokens) and tokens[behind].text == ";":
            return None, behind + 1
        raise KvistError("metal", f"a body of kernel {name.text}", "a declaration")
    body_end = matching(tokens, behind)
    first = mark
    while first > 0 and tokens[first - 1].text == "]" and _attribute_begin(tokens, first - 1) >= 0:
        first = _attribute_begin(tokens, first - 1)
    strings = [t.text[1:-1] for t in tokens[first:void] if t.kind == "string"]
    start, template, defaulted = _template_head(tokens, first)
    kernel = KernelFunction(
        name=name.text,
        host_name=strings[0] if strings else name.text,
        namespace=namespace,
        template=template,
        defaulted=defaulted,
        parameters=parameters_of(inside, name.text, numbers),
        start=tokens[start].start,
        body=(tokens[behind].end, tokens[body_end].start),
        end=tokens[body_end].end,
    )
    return kernel, body_end + 1


def _attribute_begin(tokens: Sequence[Token], last: int) -> int:
    """Index of the `[[` that the `]]` ending at `last` closes, or -1."""
    for index in range(last - 1, max(last - 40, -1), -1):
        if is_attribute(tokens, index) and attribute_end(tokens, index) == last + 1:
            return index
    return -1


def _template_head(
    tokens: Sequence[Token], mark: int
) -> tuple[int, tuple[tuple[str, str], ...], frozenset[str]]:
    """Start and parameters of `template <typename T, int N = 4>` before the mark, and those with defaults."""
    if mark == 0 or tokens[mark - 1].text != ">":
        return mark, (), frozenset()
    start = mark
    while start > 0 and tokens[start].text != "template":
        start -= 1
    parameters = []
    defaulted = set()
    for piece in split_commas(tokens[start + 2 : mark - 1]):
        words = [token.text for token in piece]
        head = words[: words.index("=")] if "=" in words else words
        if head != words:
            defaulted.add(head[-1])
        parameters.append(("typename" if head[0] in ("typename", "class") else head[0], head[-1]))
    return start, tuple(parameters), frozenset(defaulted)
