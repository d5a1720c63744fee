"""The forms of kernels: marks, return type, names, instantiations, calls."""

import re
from collections.abc import Iterator

from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit
from kvist.metal.tokens import attribute_end, is_attribute, matching, split_commas

_BEHIND_MARK = ("inline", "static", "extern", "METAL_FUNC", "constexpr")


def check_kernel_forms(unit: Unit) -> Iterator[Problem]:
    """Kernels return void, are not called main, have names of their own and are not methods."""
    names: dict[str, bool] = {}
    for function in unit.functions:
        if unit.words[function.name] == "main" and not function.is_kernel and not function.scope:
            yield unit.problem(unit.tokens[function.name], "main", "Metal has no function main", "a kernel")
        if not function.is_kernel:
            continue
        name = unit.tokens[function.name]
        head = [unit.words[i] for i in range(function.start, function.name) if i not in unit.in_attribute]
        head = [w for w in head if w != "kernel"]
        if head[-1:] != ["void"]:
            got = head[-1] if head and head[-1] != ">" else "nothing"
            yield unit.problem(name, "kernel-return", f"kernel {name.text} returns {got}", "a kernel is void")
        if name.text == "main":
            yield unit.problem(name, "kernel-name", "a kernel cannot be called main")
        if function.scope.startswith("class"):
            yield unit.problem(name, "kernel-form", f"kernel {name.text} is a member of a class")
        if name.text in names and not (function.is_template or names[name.text]):
            yield unit.problem(name, "kernel-name", f"there are two kernels {name.text}")
        names[name.text] = function.is_template
    for function in unit.functions:
        variables = {t.text for piece in unit.parameters(function) for t in piece}
        for index in range(*function.body):
            token = unit.tokens[index]
            if token.text not in names:
                continue
            if _declared_here(unit, index):
                variables.add(token.text)
            elif (
                token.text not in variables
                and unit.words[index - 1] not in (".", "::", ">")
                and _called(unit, index)
            ):
                hint = "put what both need into a function"
                yield unit.problem(token, "kernel-call", f"kernel {token.text} is called", hint)


def _declared_here(unit: Unit, index: int) -> bool:
    """Whether the name at `index` is a variable's where it is declared: `uint add`, `auto& add =`."""
    before, after = unit.tokens[index - 1], unit.words[index + 1]
    if before.kind == "name":
        return before.text not in ("return", "else", "do", "case")
    return before.text in ("*", "&", ">", ",") and after == "=" and unit.words[index + 2] != "="


def _called(unit: Unit, index: int) -> bool:
    """`name(` or `name<...>(`."""
    if unit.words[index + 1] == "<":
        end = unit.closing_angle(index + 1)
        return unit.words[end] == ">" and unit.words[end + 1 : end + 2] == ["("]
    return unit.words[index + 1] == "("


def check_marks(unit: Unit) -> Iterator[Problem]:
    """`kernel` and `[[kernel]]` stand in front of a function with a body, or of an instantiation."""
    defined = {f.name for f in unit.functions if f.is_kernel}
    marks = {a.end: a.name for a in unit.attributes if a.name.text == "kernel"}
    for index, token in enumerate(unit.tokens):
        if token.text == "kernel" and token.kind == "name" and index not in unit.in_attribute:
            marks[index + 1] = token
    for index, mark in sorted(marks.items()):
        if _template_before(unit, index) or (index >= 2 and unit.words[index - 2] in (".", "::")):
            continue
        opening = index
        while opening < len(unit.words) and unit.words[opening] not in ("(", ";", "{", "}", "="):
            opening = (
                attribute_end(unit.tokens, opening) if is_attribute(unit.tokens, opening) else opening + 1
            )
        if opening >= len(unit.words) or unit.words[opening] != "(":
            yield unit.problem(mark, "kernel-form", "`kernel` without a function behind it")
        elif opening - 1 not in defined:
            closing = matching(unit.tokens, opening)
            after = unit.words[closing + 1 : closing + 2]
            if after != [";"] and after != ["["]:
                yield unit.problem(mark, "kernel-form", "`kernel` without the body of a function behind it")


def _template_before(unit: Unit, index: int) -> bool:
    """Whether the statement is `template ... ;`, an explicit instantiation."""
    start = index - 1
    while start > 0 and unit.words[start - 1] not in (";", "{", "}"):
        start -= 1
    return unit.words[start : start + 1] == ["template"] and unit.words[start + 1 : start + 2] != ["<"]


def check_instantiations(unit: Unit) -> Iterator[Problem]:
    """`template [[host_name("f_half")]] [[kernel]] decltype(f<half>) f<half>;`."""
    templates = {unit.words[f.name]: f for f in unit.functions if f.is_template}
    hosts: set[str] = set()
    for attribute in unit.attributes:
        if attribute.name.text != "host_name":
            continue
        host = "".join(t.text for t in attribute.arguments)
        if host in hosts:
            yield unit.problem(attribute.name, "host-name", f"there are two host_name({host})")
        hosts.add(host)
        if not _template_before(unit, attribute.end):
            continue
        end = next((i for i in range(attribute.end, len(unit.words)) if unit.words[i] == ";"), -1)
        statement = [i for i in range(attribute.end, end) if i not in unit.in_attribute]
        words = [unit.words[i] for i in statement if unit.words[i] != "kernel"]
        text = " ".join(words)
        match = re.match(r"decltype \( (.*?) \) (.*)$", text)
        if match is not None and match[1] != match[2]:
            message = f"decltype({_tight(match[1])}) and {_tight(match[2])} differ"
            yield unit.problem(attribute.name, "instantiation", message, "both name the same instance")
            continue
        instance = re.match(r"(?:\w+ )?(\w+(?: :: \w+)*) < (.*) >", match[2] if match else text)
        if instance is None:
            if match is None or (match[2] not in templates and match[2] not in _plain_kernels(unit)):
                hint = 'template [[host_name("f_half")]] [[kernel]] decltype(f<half>) f<half>;'
                yield unit.problem(attribute.name, "instantiation", "this instantiates no kernel", hint)
            continue
        name = instance[1].rpartition(" ")[2]
        if name not in templates:
            yield unit.problem(attribute.name, "instantiation", f"there is no template {name}")
            continue
        fewest, most = _arity(unit, templates[name].start)
        inside = next(i for i in statement if unit.words[i] == "<")
        given = len(list(split_commas(unit.tokens[inside + 1 : unit.closing_angle(inside)])))
        if most is not None and not fewest <= given <= most:
            message = f"{name} has {most} template parameters, got {given}"
            yield unit.problem(attribute.name, "instantiation", message)


def _plain_kernels(unit: Unit) -> set[str]:
    return {unit.words[f.name] for f in unit.functions if f.is_kernel}


def _arity(unit: Unit, start: int) -> tuple[int, int | None]:
    """Template parameters without a default, and all; None with a pack."""
    while unit.words[start] != "<":
        start += 1
    head = list(split_commas(unit.tokens[start + 1 : unit.closing_angle(start)]))
    if any(t.text == "." for piece in head for t in piece):
        return 0, None
    return sum("=" not in [t.text for t in piece] for piece in head), len(head)


def _tight(text: str) -> str:
    return text.replace(" ", "").replace(",", ", ")
