"""Read Metal source: which kernels it defines, with which parameters, and where their bodies are.

This is not a compiler. It finds kernel functions by their `kernel` or `[[kernel]]` mark, reads their
parameter lists, and leaves everything else to the C++ compiler (elsewhere) or Apple's (on a Mac).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kvist.errors import KvistError
from kvist.metal.tokens import Token, matching, significant, split_commas, tokenize

ADDRESS_SPACES = ("device", "constant", "threadgroup", "thread")


@dataclass(frozen=True, slots=True)
class Parameter:
    """`device const T* x [[buffer(0)]]`: type_name T, space device, a pointer, attribute buffer, index 0."""

    name: str
    type_name: str
    space: str
    is_const: bool
    is_pointer: bool
    is_reference: bool
    attribute: str
    index: int


@dataclass(frozen=True, slots=True)
class KernelFunction:
    """A kernel with a body. Its text begins at `start` with the template head; `body` excludes the braces."""

    name: str
    template: tuple[tuple[str, str], ...]  # ("typename", "T"), ("int", "N")
    parameters: tuple[Parameter, ...]
    start: int
    body: tuple[int, int]
    end: int

    @property
    def buffers(self) -> tuple[Parameter, ...]:
        """The parameters that are [[buffer(n)]], in the order of n."""
        return tuple(sorted((p for p in self.parameters if p.attribute == "buffer"), key=lambda p: p.index))


@dataclass(frozen=True, slots=True)
class Instantiation:
    """`template [[host_name("rms_norm_half")]] [[kernel]] decltype(f<half>) f<half>;`: instance `f<half>`."""

    host_name: str
    kernel: str
    instance: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Module:
    """What one Metal source text defines."""

    text: str
    kernels: tuple[KernelFunction, ...]
    instantiations: tuple[Instantiation, ...]

    def helpers_of(self, kernel: KernelFunction) -> str:
        """The text in front of a kernel without other kernels, every line where it was."""
        text = self.text[: kernel.start]
        spans = [(k.start, k.end) for k in self.kernels] + [(i.start, i.end) for i in self.instantiations]
        return blank(text, [span for span in spans if span[1] <= kernel.start])

    def kernel(self, name: str | None, label: str) -> KernelFunction:
        """The kernel called `name`; without a name the only one there is."""
        names = [kernel.name for kernel in self.kernels]
        if name is None and len(names) == 1:
            return self.kernels[0]
        if not names:
            raise KvistError(label, "a function marked [[kernel]]", "none")
        if name not in names:
            need = "the name of one kernel" if name is None else f"a kernel {name!r}"
            raise KvistError(label, need, f"a file with {', '.join(names)}", "pass name=")
        return self.kernels[names.index(name)]


@lru_cache(maxsize=64)
def parse(text: str) -> Module:
    """Find the kernels and explicit instantiations of a Metal source text."""
    tokens = significant(tokenize(text))
    kernels, instantiations = [], []
    index = 0
    while index < len(tokens):
        after_mark = _kernel_mark(tokens, index)
        if after_mark and tokens[after_mark].text == "void":
            kernels.append(_kernel(tokens, index, after_mark))
            index = _index_at(tokens, kernels[-1].end, index)
        elif after_mark and tokens[after_mark].text == "decltype":
            instantiations.append(_instantiation(text, tokens, index, after_mark))
            index = _index_at(tokens, instantiations[-1].end, index)
        else:
            index += 1
    return Module(text, tuple(kernels), tuple(instantiations))


def blank(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Spaces in place of the spans; line breaks stay."""
    for start, end in spans:
        text = text[:start] + "".join(c if c == "\n" else " " for c in text[start:end]) + text[end:]
    return text


def line_of(text: str, offset: int) -> int:
    """Line number, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1


def _index_at(tokens: Sequence[Token], offset: int, start: int) -> int:
    while start < len(tokens) and tokens[start].start < offset:
        start += 1
    return start


def _kernel_mark(tokens: Sequence[Token], index: int) -> int:
    """If a kernel mark stands at `index`, the index after it, else 0."""
    texts = [token.text for token in tokens[index : index + 5]]
    if texts == ["[", "[", "kernel", "]", "]"] and index + 5 < len(tokens):
        return index + 5
    inside_attribute = index > 0 and tokens[index - 1].text == "["
    if texts[:1] == ["kernel"] and not inside_attribute and index + 1 < len(tokens):
        return index + 1
    return 0


def _kernel(tokens: Sequence[Token], mark: int, void: int) -> KernelFunction:
    name, opening = tokens[void + 1], void + 2
    if opening >= len(tokens) or tokens[opening].text != "(":
        raise KvistError("metal", "`(` after the kernel's name", f"{name.text!r}")
    closing = matching(tokens, opening)
    if closing + 1 >= len(tokens) or tokens[closing + 1].text != "{":
        raise KvistError("metal", f"a body of kernel {name.text}", "a declaration")
    body_end = matching(tokens, closing + 1)
    template_start, template = _template_head(tokens, mark)
    parameters = _parameters(tokens[opening + 1 : closing], name.text)
    return KernelFunction(
        name=name.text,
        template=template,
        parameters=parameters,
        start=tokens[template_start].start,
        body=(tokens[closing + 1].end, tokens[body_end].start),
        end=tokens[body_end].end,
    )


def _template_head(tokens: Sequence[Token], mark: int) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Start and parameters of `template <typename T, int N = 4>` in front of the mark, if there is one."""
    if mark == 0 or tokens[mark - 1].text != ">":
        return mark, ()
    start = mark
    while start > 0 and tokens[start].text != "template":
        start -= 1
    parameters = []
    for piece in split_commas(tokens[start + 2 : mark - 1]):
        words = [token.text for token in piece]
        head = words[: words.index("=")] if "=" in words else words
        parameters.append(("typename" if head[0] in ("typename", "class") else head[0], head[-1]))
    return start, tuple(parameters)


def _parameters(tokens: Sequence[Token], kernel: str) -> tuple[Parameter, ...]:
    parameters: list[Parameter] = []
    next_buffer = 0
    for piece in split_commas(tokens):
        parameter = _parameter(piece, kernel, next_buffer)
        if parameter.attribute == "buffer":
            next_buffer = parameter.index + 1
        parameters.append(parameter)
    return tuple(parameters)


def _parameter(piece: Sequence[Token], kernel: str, next_buffer: int) -> Parameter:
    words = [token.text for token in piece]
    attribute_at = next((i for i in range(len(words) - 1) if words[i : i + 2] == ["[", "["]), len(words))
    declaration, attribute = words[:attribute_at], words[attribute_at + 2 : -2]
    name = declaration[-1] if declaration else "?"
    core = [
        w for w in declaration[:-1] if w not in (*ADDRESS_SPACES, "const", "volatile", "*", "&", "restrict")
    ]
    space = next((w for w in declaration if w in ADDRESS_SPACES), "")
    is_buffer = "*" in declaration or "&" in declaration
    if not attribute and not is_buffer:
        raise KvistError(f"metal {kernel}", f"an [[attribute]] of parameter {name}", "none")
    index = next((int(w) for w in attribute if w.isdigit()), next_buffer)
    return Parameter(
        name=name,
        type_name="".join(core),
        space=space,
        is_const="const" in declaration or space == "constant",
        is_pointer="*" in declaration,
        is_reference="&" in declaration,
        attribute=attribute[0] if attribute else "buffer",
        index=index if is_buffer else -1,
    )


def _instantiation(text: str, tokens: Sequence[Token], mark: int, decltype: int) -> Instantiation:
    start = mark
    while start > 0 and tokens[start].text != "template":
        start -= 1
    strings = [token.text[1:-1] for token in tokens[start:mark] if token.kind == "string"]
    closing = matching(tokens, decltype + 1)
    end = closing
    while end < len(tokens) and tokens[end].text != ";":
        end += 1
    instance = text[tokens[decltype + 2].start : tokens[closing - 1].end]
    return Instantiation(
        host_name=strings[0] if strings else instance,
        kernel=tokens[decltype + 2].text,
        instance=instance,
        start=tokens[start].start,
        end=tokens[min(end, len(tokens) - 1)].end,
    )
