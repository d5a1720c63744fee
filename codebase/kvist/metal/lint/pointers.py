"""Pointers and references say which memory they point to; nothing is written through const."""

from collections.abc import Iterator, Sequence

from kvist.metal.lint.names import ADDRESS_SPACES
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Function, Unit
from kvist.metal.tokens import Token, is_attribute, matching

_SPECIFIERS = {"const", "volatile", "static", "constexpr", "inline", "struct", "typename", "METAL_FUNC"}
_SPECIFIERS |= {"coherent", "mutable", "extern", "friend", "unsigned", "signed", "__restrict"}
_MAY_STAND_BEFORE = {"(", ",", ";", "{", "}", "<", "=", "]", ":", ">", "return", ""}
_ASSIGN = {"=", "+", "-", "*", "/", "%", "&", "|", "^", "<", ">"}


def check_pointers(unit: Unit) -> Iterator[Problem]:
    """`T*` and `T&` of a known type have an address space on one side of the type."""
    for index, token in enumerate(unit.tokens):
        if token.text not in ("*", "&") or index == 0 or index in unit.in_attribute:
            continue
        end = index - 1
        while end > 0 and unit.words[end] in ("const", "volatile", *ADDRESS_SPACES):
            end -= 1
        begin = _type_begin(unit, end)
        if begin < 0 or {*unit.words[end + 1 : index]} & ADDRESS_SPACES:
            continue
        first = begin
        while first > 0 and unit.words[first - 1] in (*_SPECIFIERS, *ADDRESS_SPACES, "::", "metal"):
            first -= 1
        before = unit.words[first - 1] if first else ""
        if {*unit.words[first:begin]} & ADDRESS_SPACES or before not in _MAY_STAND_BEFORE:
            continue
        if unit.words[index + 1 : index + 2] == ["&"] and token.text == "&":
            continue  # a forwarding reference
        if before in ("(", "<", ",") and _is_value(unit, begin, index):
            continue
        name = unit.words[index + 1] if index + 1 < len(unit.tokens) else ""
        if name not in (")", ">", ",") and not (unit.tokens[index + 1].kind == "name" or name == "("):
            continue
        if _in_kernel_parameters(unit, index):
            continue  # said with the parameter
        kind = "pointer" if token.text == "*" else "reference"
        message = f"a {kind} to {unit.words[begin]} without an address space"
        hint = f"device, constant, threadgroup or thread in front of {unit.words[begin]}"
        yield unit.problem(unit.tokens[begin], "address-space", message, hint)


def _type_begin(unit: Unit, end: int) -> int:
    """Index where the type that ends at `end` begins, or -1."""
    word = unit.words[end]
    if unit.tokens[end].kind == "name":
        return end if word in unit.types and word not in unit.variables else -1
    if word != ">":
        return -1
    depth = 0
    for index in range(end, max(end - 60, -1), -1):
        if unit.words[index] in (";", "{", "}"):
            return -1
        depth += (unit.words[index] == ">") - (unit.words[index] == "<")
        if depth == 0:
            return index - 1 if index and unit.words[index - 1] in unit.types else -1
    return -1


def _is_value(unit: Unit, begin: int, index: int) -> bool:
    """A template parameter that is a number: `(N * 2)`. Types of the text are not numbers."""
    name = unit.words[begin]
    following = unit.tokens[index + 1] if index + 1 < len(unit.tokens) else None
    return name not in unit.types or (following is not None and following.kind == "number")


def _in_kernel_parameters(unit: Unit, index: int) -> bool:
    return any(f.is_kernel and f.parameters[0] < index < f.parameters[1] for f in unit.functions)


def check_const_writes(unit: Unit) -> Iterator[Problem]:
    """Assignments to what a function's own const pointer or reference parameters point to."""
    for function in unit.functions:
        fixed = dict(_const_parameters(unit, function))
        begin, end = function.body
        shadowed: set[str] = set()
        for index in range(begin, end):
            token = unit.tokens[index]
            if token.text not in fixed or unit.words[index - 1] in (".", ">", "::"):
                continue
            before = unit.tokens[index - 1]
            if before.kind == "name" and before.text not in ("return", "else"):
                shadowed.add(token.text)  # declared again
            if token.text in shadowed:
                continue
            target = index + 1
            subscripts = members = 0
            while target < end and unit.words[target] in ("[", "."):
                members += unit.words[target] == "."
                subscripts += unit.words[target] == "["
                if members and unit.words[target] == "[":
                    break  # a pointer that is a member points where it likes
                target = matching(unit.tokens, target) + 1 if unit.words[target] == "[" else target + 2
            star = unit.words[index - 1] == "*" and unit.words[index - 2] in (";", "{", "}", ")")
            if fixed[token.text] and not (subscripts or star):
                continue  # the pointer itself
            if writes(unit, index, target):
                message = f"{token.text} is const and is written"
                yield unit.problem(token, "const-write", message, "leave const out, or write elsewhere")


def _const_parameters(unit: Unit, function: Function) -> Iterator[tuple[str, bool]]:
    """(name, is a pointer) of parameters whose target is const."""
    for piece in unit.parameters(function):
        words = _declaration(piece)
        marks = [i for i, w in enumerate(words) if w in ("*", "&")]
        array = piece[len(words) : len(words) + 1]
        if not marks or (array and array[0].text == "[" and not is_attribute(piece, len(words))):
            continue  # a value, or an array of pointers
        mark = marks[-1]
        target = words[marks[-2] + 1 : mark] if len(marks) > 1 else words[:mark]
        name = next((w for w in words[mark:] if w.isidentifier() and w not in ("const", "restrict")), "")
        if name and ("constant" in target or "const" in target):
            yield name, words[mark] == "*"


def _declaration(piece: Sequence[Token]) -> list[str]:
    """The words of a parameter in front of attributes and default values."""
    words = []
    for token in piece:
        if token.text in ("[", "="):
            break  # an attribute, the size of an array, a default
        words.append(token.text)
    return words


def writes(unit: Unit, index: int, target: int) -> bool:
    """Whether `x[i]` between index and target is assigned, `++` included."""
    after = [unit.tokens[i] for i in range(target, min(target + 3, len(unit.tokens)))]
    texts = [t.text for t in after]
    joined = len(after) > 1 and after[0].end == after[1].start
    if texts[:1] == ["="] and texts[1:2] != ["="]:
        return True
    if joined and texts[:2] in (["+", "+"], ["-", "-"]):
        return True
    if joined and texts[0] in _ASSIGN - {"<", ">", "="} and texts[1] == "=":
        return True
    if texts in (["<", "<", "="], [">", ">", "="]):
        return True
    two = unit.words[max(index - 2, 0) : index]
    close = index >= 2 and unit.tokens[index - 2].end == unit.tokens[index - 1].start
    return close and two in (["+", "+"], ["-", "-"])
