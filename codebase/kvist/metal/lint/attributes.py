"""Attributes: their names, where they may stand, and what types the parameters of kernels have with them."""

import difflib
from collections.abc import Iterator, Sequence

from kvist.metal.lint.names import (
    ADDRESS_SPACES,
    ATTRIBUTES,
    BUILTIN_TYPES,
    GRAPHICS,
    INDICES,
    KEYWORDS,
    POSITIONS,
    RESOURCES,
)
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Attribute, Function, Unit
from kvist.metal.tokens import Token

_UNSIGNED = {"uint": "uint", "ushort": "ushort", "uint32_t": "uint", "uint16_t": "ushort"}
_LIMITS = {"buffer": 30, "texture": 127, "sampler": 15, "threadgroup": 30}


def check_attribute_names(unit: Unit) -> Iterator[Problem]:
    """Every attribute is one that Metal has."""
    for attribute in unit.attributes:
        name = attribute.name.text
        if name not in ATTRIBUTES:
            near = difflib.get_close_matches(name, sorted(ATTRIBUTES), 1)
            hint = f"did you mean [[{near[0]}]]?" if near else ""
            yield unit.problem(attribute.name, "unknown-attribute", f"Metal has no [[{name}]]", hint)
        elif name == "host_name" and not (
            len(attribute.arguments) and all(t.text[0] == '"' for t in attribute.arguments)
        ):
            hint = '[[host_name("kernel_half")]]'
            yield unit.problem(attribute.name, "host-name", "host_name needs a string", hint)


def check_kernel_parameters(unit: Unit) -> Iterator[Problem]:
    """Attributes, indices, address spaces and types of the parameters of each kernel."""
    for function in unit.functions:
        if function.is_kernel:
            yield from _Kernel(unit, function).check()


class _Kernel:
    """One kernel, while its parameters are read."""

    def __init__(self, unit: Unit, function: Function) -> None:
        self.unit = unit
        self.function = function
        self.taken: dict[tuple[str, int], bool] = {}
        self.seen: set[str] = set()
        self.positions: tuple[str, str] | None = None  # the first position: its name, how many components

    def check(self) -> Iterator[Problem]:
        """The problems of all the parameters."""
        for piece in self.unit.parameters(self.function):
            offsets = {t.start for t in piece}
            own = [a for a in self.unit.attributes if self.unit.tokens[a.begin].start in offsets]
            skip = {self.unit.tokens[i].start for a in own for i in range(a.begin, a.end)}
            words = [t for t in piece if t.start not in skip]
            if words:
                yield from self._parameter(words, own)

    def _parameter(self, words: Sequence[Token], own: Sequence[Attribute]) -> Iterator[Problem]:
        texts = [t.text for t in words]
        array = texts.index("[") if "[" in texts else len(texts)
        name = next((t for t in reversed(words[:array]) if t.kind == "name"), words[-1])
        points = any(w in ("*", "&") for w in texts) or array < len(texts)
        spaces = [w for w in texts if w in ADDRESS_SPACES]
        conditional = any(a.name.text == "function_constant" for a in own)
        main = [a for a in own if a.name.text not in ("function_constant", "maybe_unused", "user_annotation")]
        problem = self.unit.problem
        inside = texts[array + 1 : array + 2]
        if inside and inside[0] in RESOURCES | POSITIONS | INDICES and texts[array + 2] in ("(", "]"):
            hint = f"[[{''.join(texts[array + 1 : texts.index(']', array)])}]]"
            yield problem(words[array + 1], "attribute-brackets", "an attribute in single brackets", hint)
            return
        if not main and not points and not self._is_resource(texts):
            hint = f"[[buffer(n)]] on `constant T& {name.text}`, or a built-in value"
            message = f"parameter {name.text} of a kernel has no attribute"
            yield problem(name, "parameter-attribute", message, hint)
        for attribute in main:
            kind = attribute.name.text
            plain = kind == "stage_in" and not points and texts[0] in BUILTIN_TYPES
            if kind in GRAPHICS or plain:
                hint = "stage_in is for structs" if plain else "[[thread_position_in_grid]]"
                message = f"{name.text}: a kernel has no [[{kind}]]"
                yield problem(
                    attribute.name, "attribute-kind", message + (" of that type" if plain else ""), hint
                )
            if kind in ("buffer", "threadgroup", "texture", "sampler"):
                yield from self._resource(attribute, kind, name, points, spaces, conditional)
            elif kind in POSITIONS or kind in INDICES:
                yield from self._builtin(attribute, kind, name, texts, points)
        if "**" in "".join(texts):
            message = f"{name.text}: a pointer to a pointer without an address space between the stars"
            yield problem(name, "address-space", message, "a table of offsets into one buffer")
        elif points and not spaces:
            hint = f"device, constant or threadgroup in front of {name.text}'s type"
            message = f"{name.text}: a pointer or reference without an address space"
            yield problem(name, "address-space", message, hint)
        elif points and spaces[0] == "thread":
            message = f"{name.text}: an argument of a kernel cannot be in the thread address space"
            yield problem(name, "address-space", message, "device, constant or threadgroup")

    def _is_resource(self, texts: Sequence[str]) -> bool:
        """Textures, samplers and structs of resources get their indices in order."""
        return any(w.startswith(("texture", "depth", "sampler")) or w in self.unit.own_types for w in texts)

    def _resource(
        self,
        attribute: Attribute,
        kind: str,
        name: Token,
        points: bool,
        spaces: Sequence[str],
        conditional: bool,
    ) -> Iterator[Problem]:
        problem = self.unit.problem
        digits = "".join(t.text for t in attribute.arguments)
        if not attribute.arguments:
            yield problem(attribute.name, "attribute-index", f"[[{kind}]] needs a number", f"[[{kind}(0)]]")
        elif digits.rstrip("uU").isdecimal():
            index = int(digits.rstrip("uU")[:9])
            if index > _LIMITS[kind]:
                message = f"{kind} index {digits} of {name.text} is beyond {_LIMITS[kind]}"
                yield problem(attribute.name, "attribute-index", message)
            if not self.taken.get((kind, index), True) or ((kind, index) in self.taken and not conditional):
                message = f"{kind} index {index} of {name.text} is taken"
                yield problem(attribute.name, "duplicate-index", message, "number the arguments 0, 1, 2, ...")
            self.taken[kind, index] = conditional
        elif unknown := self._undeclared(attribute):
            message = f"{kind} index of {name.text}: nothing declares {unknown.text}"
            yield problem(unknown, "undeclared", message, f"[[{kind}(0)]]")
        elif digits.startswith("-"):
            yield problem(attribute.name, "attribute-index", f"{kind} index {digits} is negative")
        if kind in ("buffer", "threadgroup") and not points:
            hint = f"constant T& {name.text} [[buffer(n)]]"
            message = f"{name.text}: [[{kind}]] is for pointers and references"
            yield problem(name, "buffer-by-value", message, hint)
        wrong = ("threadgroup",) if kind == "buffer" else ("device", "constant")
        if kind in ("buffer", "threadgroup") and spaces and spaces[0] in wrong:
            other = "threadgroup" if kind == "buffer" else "buffer"
            message = f"{name.text}: {spaces[0]} memory cannot be [[{kind}]]"
            yield problem(name, "address-space", message, f"[[{other}(n)]]")

    def _undeclared(self, attribute: Attribute) -> Token | None:
        """The first name of an index that stands nowhere but in attributes."""
        names = (t for t in attribute.arguments if t.kind == "name" and t.text not in KEYWORDS)
        return next((t for t in names if t.text not in self.unit.declaring), None)

    def _builtin(
        self, attribute: Attribute, kind: str, name: Token, texts: Sequence[str], points: bool
    ) -> Iterator[Problem]:
        problem = self.unit.problem
        if kind in self.seen:
            yield problem(attribute.name, "duplicate-attribute", f"[[{kind}]] stands twice")
        self.seen.add(kind)
        if points:
            yield problem(name, "attribute-type", f"{name.text}: [[{kind}]] is passed by value", "uint")
            return
        words = [w for w in texts[: _last(texts, name.text)] if w not in ("const", "metal", "::", "unsigned")]
        spelled = "".join(words).replace("vec<uint,", "uint").replace("vec<ushort,", "ushort").rstrip(">")
        if words in ([], ["int"]) and "unsigned" in texts:
            spelled = "uint"
        base, components = (spelled[:-1], spelled[-1]) if spelled[-1:] in ("2", "3", "4") else (spelled, "1")
        if spelled in self.unit.own_types:
            return
        allowed = ("1", "2", "3") if kind in POSITIONS else ("1",)
        if spelled in _UNSIGNED:
            base, components = _UNSIGNED[spelled], "1"
        if base not in ("uint", "ushort") or components not in allowed:
            want = "uint, uint2, uint3 or ushort, ushort2, ushort3" if len(allowed) > 1 else "uint or ushort"
            yield problem(
                name, "attribute-type", f"{name.text}: [[{kind}]] cannot be {spelled or 'that'}", want
            )
        elif kind in POSITIONS:
            first, count = self.positions = self.positions or (name.text, components)
            if count != components:
                message = (
                    f"{name.text} has {components} component{'s'[: components != '1']}, {first} has {count}"
                )
                hint = "positions and sizes of a kernel are all scalars, or all vectors of one length"
                yield problem(name, "attribute-mix", message, hint)


def _last(texts: Sequence[str], name: str) -> int:
    """Index of the last occurrence."""
    return max((i for i, w in enumerate(texts) if w == name), default=len(texts))
