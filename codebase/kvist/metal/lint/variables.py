"""Where variables live: constants of the program, threadgroup memory, static locals."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit
from kvist.metal.overloads import definitions
from kvist.metal.threadgroup_variables import declares_pointer
from kvist.metal.tokens import Token, matching

_NO_VARIABLE = {"using", "typedef", "static_assert", "namespace", "friend", "enum", "kernel", "vertex"}
_NO_VARIABLE |= {"fragment", "struct", "class", "union", "operator", "public", "private", "protected", "asm"}
_CLASSES = ("typedef", "using", "struct", "class", "union", "enum")
_BEFORE = ("static", "volatile", "const", "constexpr", "alignas", "inline", ")")


def check_globals(unit: Unit) -> Iterator[Problem]:
    """Variables of the program are `constant` and have a value."""
    for statement in _global_statements(unit):
        words = [t.text for t in statement]
        equals = words.index("=") if "=" in words else len(words)
        if "{" in words:
            equals = min(equals, words.index("{"))
        declared = words[:equals]
        name = next((t for t in reversed(statement[:equals]) if t.kind == "name"), statement[0])
        if "threadgroup" in declared and not _points(declared):
            yield unit.problem(name, *_not_in_kernel(name.text))
        elif "constant" not in declared and not _points(declared) and not _bound(unit, statement, declared):
            message = f"{name.text}: a variable of the program is in the constant address space"
            yield unit.problem(name, "global-space", message, f"constant constexpr ... {name.text} = ...;")
        elif equals == len(words) and not (
            {"extern", "device"} & set(declared) or _has_attribute(unit, statement[0], statement[-1])
        ):
            hint = "a value, or [[function_constant(n)]]"
            yield unit.problem(name, "constant-initialiser", f"constant {name.text} has no value", hint)


def _points(words: Sequence[str]) -> bool:
    return "*" in words or "&" in words


def _bound(unit: Unit, statement: Sequence[Token], declared: Sequence[str]) -> bool:
    """A binding, or what another file defines, in device memory."""
    return "device" in declared and (
        "extern" in declared or _has_attribute(unit, statement[0], statement[-1])
    )


def _has_attribute(unit: Unit, first: Token, last: Token) -> bool:
    return any(
        first.start <= unit.tokens[a.begin].start <= last.end + 2
        and a.name.text in ("function_constant", "buffer", "texture", "sampler", "id")
        for a in unit.attributes
    )


def _global_statements(unit: Unit) -> Iterator[list[Token]]:
    """Declarations of variables at namespace scope, without attributes and the semicolon."""
    covered = bytearray(len(unit.tokens) + 1)
    for (start, end), scope, _ in definitions(unit.tokens, 0, len(unit.tokens), ""):
        if not scope.startswith("class"):
            covered[start:end] = b"\1" * (end - start)
    index = 0
    statement: list[Token] = []
    while index < len(unit.tokens):
        word = unit.words[index]
        if covered[index]:
            statement = []
            index += 1
        elif word == "{" and statement and statement[0].text in _CLASSES:  # `using name = union { ... };`
            index = matching(unit.tokens, index) + 1
        elif word == "{" and statement and statement[-1].text not in ("=", "]") and not _value(statement):
            statement = []
            index += 1
        elif word in ("{", "(", "["):
            end = matching(unit.tokens, index) + 1
            if index not in unit.in_attribute:
                statement += unit.tokens[index:end]
            index = end
        elif word in (";", "}"):
            if _is_variable(unit, statement):
                yield _without_template(unit, statement)
            statement = []
            index += 1
        else:
            statement.append(unit.tokens[index])
            index += 1


def _value(statement: Sequence[Token]) -> bool:
    """Whether `{` behind this is the value of a variable: `constant float x{1}`."""
    words = [t.text for t in statement]
    return len(words) >= 2 and statement[-1].kind == "name" and not _NO_VARIABLE & set(words[:3])


def _is_variable(unit: Unit, statement: list[Token]) -> bool:
    rest = [t.text for t in _without_template(unit, statement)]
    if len(rest) < 2 or _NO_VARIABLE & set(rest[:3]) or rest[0] == "template":
        return False
    head = rest[: rest.index("=")] if "=" in rest else rest
    names = [w for w in head if w.isidentifier()]
    return "(" not in head and len(names) >= 2 and names[0] not in ("return", "extern")


def _without_template(unit: Unit, statement: list[Token]) -> list[Token]:
    while len(statement) > 1 and statement[0].text == "template" and statement[1].text == "<":
        depth = 0
        for end, token in enumerate(statement):
            depth += (token.text == "<") - (token.text == ">")
            if end and depth == 0 and token.text == ">":
                break
        statement = statement[end + 1 :]
    return statement


def check_locals(unit: Unit) -> Iterator[Problem]:
    """Threadgroup variables stand in kernels without a value; static locals are constants."""
    spans = [(f.body, f.is_kernel) for f in unit.functions]
    for index, token in enumerate(unit.tokens):
        if token.text not in ("threadgroup", "device", "constant", "static") or index in unit.in_attribute:
            continue
        inside = [kernel for (begin, end), kernel in spans if begin < index < end]
        before = index - 1
        while before > 0 and unit.words[before] in _BEFORE[:-1]:
            before -= 1
        if before >= 0 and unit.words[before] not in ("{", "}", ";", ":"):
            continue
        end = next((i for i in range(index, len(unit.words)) if unit.words[i] in (";", "{")), index)
        statement = unit.words[index + 1 : end]
        name = next((t for t in unit.tokens[index + 1 : end] if _declares(unit, t)), token)
        if token.text == "static":
            if inside and not {"constant", "const", "constexpr", "threadgroup"} & set(statement):
                message = f"static {name.text} would be shared by all threads"
                yield unit.problem(token, "static-local", message, "a buffer, or a constant")
            continue
        if declares_pointer(unit.tokens, index + 1) or "(" in statement or not statement:
            continue
        if token.text == "device":
            if inside:
                message = f"{name.text}: a variable of a function cannot be in device memory"
                yield unit.problem(name, "address-space", message, "leave `device` out")
        elif token.text == "constant":
            if inside and "static" not in (*statement, *unit.words[before:index]):
                message = f"{name.text}: a variable of a function cannot be in constant memory"
                hint = "constexpr, or a constant outside of the function"
                yield unit.problem(name, "address-space", message, hint)
        elif not any(inside):
            if inside or _in_class(unit, index):
                yield unit.problem(name, *_not_in_kernel(name.text))
        elif "=" in _outside(statement) or unit.words[end] == "{":
            hint = "write it by one thread, then threadgroup_barrier(mem_flags::mem_threadgroup)"
            message = f"threadgroup variable {name.text} has a value"
            problem = unit.problem(name, "threadgroup-initialiser", message, hint)
            if "{" in (unit.words[end], unit.words[end - 1]):  # MLX's own layer_norm.metal has `[32] = {0}`
                message += ", which Apple's compiler takes and no thread can rely on"
                problem = replace(problem, message=message, severity="warning")
            yield problem


def _not_in_kernel(name: str) -> tuple[str, str, str]:
    hint = "declare it in the kernel and pass a pointer"
    return "threadgroup-scope", f"threadgroup variable {name} outside of a kernel", hint


def _in_class(unit: Unit, index: int) -> bool:
    return any(start < index < end for start, end in unit.classes)


def _declares(unit: Unit, token: Token) -> bool:
    """Whether a token is a name that is no type."""
    return token.kind == "name" and token.text not in unit.types and token.text not in _BEFORE


def _outside(words: Sequence[str]) -> list[str]:
    """The words that are not in brackets."""
    out, depth = [], 0
    for word in words:
        depth += word in ("(", "[", "<")
        if depth == 0:
            out.append(word)
        depth -= word in (")", "]", ">")
    return out
