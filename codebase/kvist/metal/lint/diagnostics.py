"""Which of clang's errors mean that the Metal text is wrong, and how to say them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from kvist.metal.lint.methods import misplaced_call, qualified_methods
from kvist.metal.lint.names import BUILTIN_TYPES, FUNCTIONS, INDICES, KEYWORDS, POSITIONS
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.translate import Translated
from kvist.metal.lint.unit import HEADER_SUFFIXES, Unit
from kvist.metal.lint.vocabulary import called_by_mlx, hint_for
from kvist.metal.tokens import Token

_SPACES = {"1": "device", "2": "constant", "3": "threadgroup"}
_SPACE = re.compile(r"__attribute__\(\(address_space\((\d)\)\)\)")
_NAMED = re.compile(r"\b(device|constant|threadgroup)\b")
_UNKNOWN = re.compile(
    r"(?:use of undeclared identifier|unknown type name|no template named|no type named) '([^']+)'"
    r"|no (?:member|type|template) named '([^']+)' in namespace"
)
_SPACE_NOTE = re.compile(
    r"address space|could not match .* against|does not match adjusted type|deduced conflicting types"
)
# What the other errors are about; one that is none of these is `invalid`.
_CODES = (
    (r"cannot assign to|is not assignable|cannot modify|cannot take the address of an rvalue", "const-write"),
    (r"casts away qualifiers|discards qualifiers", "const-write"),
    (r"variable length array", "array-size"),
    (r"^explicit instantiation of .* does not refer to", "instantiation"),
    (r"not contextually convertible to 'bool'|condition of \?: |vector condition", "condition"),
    (r"does not return a value", "return"),
    (r"is uninitialized when used", "uninitialized"),
    (r"kvist: .*(?:components|length)", "vector-size"),
    (r"kvist: as_type", "size"),
    (r"kvist: a float becomes|loses floating-point precision", "type"),
    (r"kvist: this atomic|atomic<", "atomic"),
    (r"^implicit conversion from ", "literal"),
    (r"static assertion failed", "static-assert"),
    (r"duplicate case|statement not in|multiple default labels", "statement"),
    (r"^expected |a type specifier is required|requires a type specifier", "syntax"),
    (r"extraneous|unterminated|missing ", "syntax"),
    (r"redefinition of|conflicting types for|cannot be redeclared|cannot be overloaded", "redefinition"),
    (r"no member named|vector component access|illegal vector component", "member"),
    (r"is ambiguous", "ambiguous-call"),
    (r"too (?:few|many) arguments to function call|requires \d+ argument|no matching function", "arguments"),
    (r"type|initialize|convert|operand|indirection|subscript|should (?:not )?return|vector", "type"),
)
# Errors that may come from how the text is shown to clang, and not from the text.
_ARTEFACTS = re.compile(
    r"address space|object parameter|'this' argument|no viable|no matching (?:constructor|member)"
    r"|constant expression|excess elements in scalar|non-type template argument|vector component name ''"
    r"|from vector|static_cast from|C-style cast|reinterpret_cast from .*vector|incomplete type"
    r"|undefined template|cannot (?:in|de)crement|bit-field|asm|'double'|long double|too many errors"
    r"|'[^']*' attribute|attribute (?:cannot|is|only|takes|requires|argument)|__bf16|nullptr"
    r"|decomposes into"
)


_UNFIT = re.compile(r"no known conversion")
_NOT_CONSTANT = re.compile(r"^(?:read of non-const|function parameter '\w+' with unknown value)")
_VECTOR = re.compile(r"vector of (\d+) '")
# A comparison of vectors gives a vector of whole numbers in clang, and of bool in Metal.
_COMPARED = re.compile(r"'(char|short|int|long) __attribute__\(\(ext_vector_type")
_OF_BOOL = re.compile(r"\d 'bool' values|'bool __attribute__")
_OBJECT = re.compile(r"'(?:const |volatile )*(?:device|constant|threadgroup) (?![^']*[*&])(\w+)[^']*'")
_OBJECT_PARAMETER = re.compile(
    r"cannot initialize object parameter .* of type '[^']*\b(device|constant|threadgroup) "
)
_CLANG_TYPES = {"unsigned", "signed", "_Float16", "__bf16", "volatile", "const"}
_MACRO = re.compile(r"[A-Z][A-Z0-9_]+")
_UNNAMED = re.compile(r"([\w ]+) __attribute__\(\(ext_vector_type\((\d)\)\)\)")
# Warnings of Apple's compiler.
_CHANGED = re.compile(r"implicit conversion from .* changes value")
_NO_VALUE = re.compile(r"non-void .* does not return a value|variable '.*' is uninitialized when used here")
_TO_BFLOAT = re.compile(
    r"implicit conversion loses floating-point precision: '[\w ]*float' to '[\w ]*b(?:float|f16)\b"
)
_CONDITION = re.compile(r"vector condition type|vector operands to the vector conditional")
_AKA = re.compile(r" \(aka '[^']*'\)")
_ASSERTED = re.compile(r"^(?:static assertion failed.*?)?kvist: ")


class Error(NamedTuple):
    """An error of clang: offset in the C++ text, the notes under it, the greatest offset of a note."""

    offset: int
    message: str
    notes: list[str]
    last: int


def judge(unit: Unit, made: Translated, errors: Sequence[Error]) -> list[Problem]:
    """Problems that the errors show."""
    if not errors:
        return []
    placed = [(e, _token_at(unit, made.origin(e.offset) if e.offset >= 0 else -1)) for e in errors]
    unsure = _Unsure(unit, [(e, t) for e, t in placed if t is not None and e.offset < made.added])
    found = []
    for (offset, message, notes, last), token in placed:
        text = _plain(message)
        listed = [_plain(note) for note in notes]
        if offset >= made.added or token is None:
            continue
        called = _OBJECT_PARAMETER.match(text)
        if called:
            name = misplaced_call(unit, unit.tokens.index(token), called[1])
            if name:
                message = f"{name} is no method of objects in {called[1]} memory"
                hint = f"a second {name}() with {called[1]} behind its brackets, or a copy of the object"
                found.append(unit.problem(token, "address-space", message, hint))
        elif _is_space(text, listed) and not unsure.of_object(token):
            hint = "the pointer keeps the address space it was made with; copy the values"
            found.append(unit.problem(token, "address-space", _worded(text, listed), hint))
        if called or _is_space(text, listed):
            continue
        if last >= made.added:
            continue  # an instance that the text does not ask for
        unknown = _UNKNOWN.match(text)
        if unknown:
            name = _name(unknown)
            if not unsure.may_be(token, name) and not unsure.at(token):
                found.append(unit.problem(token, "undeclared", text, _declare(name)))
        elif text.startswith("no matching function") and re.search(r"'atomic_\w+_explicit'", text):
            found += _no_atomic(unit, token, text, listed)
        elif not unsure.at(token) and _trusted(unit, token, text, listed):
            mild = _CHANGED.match(text) or _NO_VALUE.match(text)
            problem = unit.problem(token, _code(text), *_worded_plainly(text, listed))
            found.append(replace(problem, severity="warning") if mild else problem)
    return found


class _Unsure:
    """Where errors may come from names that the header lacks, or from methods of an address space."""

    def __init__(self, unit: Unit, errors: Sequence[tuple[Error, Token]]) -> None:
        self.unit = unit
        self.everywhere = False
        self.spans: list[tuple[int, int]] = []
        self.methods = [
            (unit.tokens[b].start, unit.tokens[e].start)
            for _, _, space, (b, e) in qualified_methods(unit)
            if space != "thread" and e < len(unit.tokens)
        ]
        for error, token in errors:
            unknown = _UNKNOWN.match(error.message)
            if unknown and self.may_be(token, _name(unknown)):
                span = self._function(token)
                self.everywhere |= span is None
                self.spans += [span] if span else []

    def may_be(self, token: Token, name: str) -> bool:
        """Whether Metal or, in a header, whoever includes it may have the name."""
        header = Path(self.unit.label).suffix in HEADER_SUFFIXES
        if _known(name, header) or not header:
            return _known(name, header)
        after = next((t for t in self.unit.tokens if t.start >= token.end), token)
        return _MACRO.fullmatch(name) is not None or (token.text == name and after.text == "::")

    def _function(self, token: Token) -> tuple[int, int] | None:
        """The body around a token, of a kernel its parameters too: nobody calls those."""
        for f in self.unit.functions:
            begin = f.parameters[0] if f.is_kernel else f.body[0]
            start, end = self.unit.tokens[begin].start, self.unit.tokens[f.body[1]].end
            if start <= token.start < end:
                return start, end
        return None

    def at(self, token: Token) -> bool:
        """Whether a name in the same function, or outside of all, is missing from the header."""
        return self.everywhere or any(start <= token.start < end for start, end in self.spans)

    def of_object(self, token: Token) -> bool:
        """Whether a token is in a method whose object is not in thread memory."""
        return any(start <= token.start < end for start, end in self.methods)


def _code(text: str) -> str:
    return next((code for pattern, code in _CODES if re.search(pattern, text)), "invalid")


def _worded_plainly(text: str, notes: Sequence[str]) -> tuple[str, ...]:
    """What is said, and a hint where there is one."""
    if "variable length array" in text:
        return ("the size of an array must be a constant",)
    if _TO_BFLOAT.match(text) or text == "kvist: a float becomes a bfloat":
        return "a float becomes a bfloat only where that is written", "bfloat(x), or a literal such as 0.5bf"
    if _code(text) == "ambiguous-call":
        return (
            text,
            "arguments of one type: 0.5h beside a half, 2.0f beside a float, 1u beside a uint, or a cast",
        )
    if _code(text) == "condition":
        return "a vector is no condition", "select(b, a, c) for c ? a : b by component; any(c) or all(c)"
    if text.startswith("no matching function"):
        told = [n for n in notes if n.startswith("candidate") and "kvist" not in n]
        text = ": ".join([text, *told[:1]])
    return (_UNNAMED.sub(_vector, _ASSERTED.sub("", text)).rstrip(": "),)


def _vector(match: re.Match[str]) -> str:
    """`unsigned int __attribute__((ext_vector_type(2)))` as `uint2`."""
    return (
        match[1].replace("unsigned ", "u").replace("_Float16", "half").replace("__bf16", "bfloat") + match[2]
    )


def _known(name: str, header: bool) -> bool:
    """Whether Metal has the name and only the header has not. Short names that MLX uses are variables."""
    return (
        name in FUNCTIONS | BUILTIN_TYPES | KEYWORDS
        or (len(name) > 3 and name in called_by_mlx(defined=header))
        or name.startswith(("simd", "quad", "atomic", "metal", "__", "M_", "access", "raytracing"))
        or re.match(r"(?:texture|depth)(?:\d|cube|_buffer)", name) is not None
    )


def _name(unknown: re.Match[str]) -> str:
    return (unknown[1] or unknown[2]).rpartition("::")[2]


def _declare(name: str) -> str:
    if name in POSITIONS | INDICES:
        return f"a parameter `uint {name} [[{name}]]` of the kernel"
    return hint_for(name)


def _no_atomic(unit: Unit, token: Token, text: str, notes: Sequence[str]) -> list[Problem]:
    """Atomic functions on what is no atomic, or with something else that does not fit."""
    called = re.search(r"'(\w+)'", text)
    name = called[1] if called else ""
    if any("could not match" in n for n in notes):
        hint = "device atomic_uint* or threadgroup atomic_uint*, and memory_order_relaxed"
        return [unit.problem(token, "atomic", f"{name} of what is no atomic", hint)]
    counted = all("requires" in n for n in notes if n.startswith("candidate"))
    return [unit.problem(token, "arguments" if counted else "atomic", *_worded_plainly(text, notes))]


def _plain(message: str) -> str:
    return _SPACE.sub(lambda m: _SPACES.get(m[1], "thread"), message).replace("const constant", "constant")


def _is_space(text: str, notes: Sequence[str]) -> bool:
    if "address space" in text and "this" not in text:
        return not re.search(r"automatic variable|parameter may not|return type|non-static data member", text)
    named = _NAMED.search(text) is not None
    if (
        re.search(r"cannot initialize|assigning to|binding reference|cast from|changes address|drops", text)
        and named
    ):
        return _spaces_differ(text)
    if text.startswith("no matching function") and notes:
        told = [n for n in notes if _SPACE_NOTE.search(n)]
        candidates = [n for n in notes if n.startswith("candidate")]
        if candidates and all(_UNFIT.search(n) and _spaces_differ(n) for n in candidates):
            return True
        return any("address space" in n or (_NAMED.search(n) and _spaces_differ(n)) for n in told)
    return False


def _spaces_differ(text: str) -> bool:
    """Whether the two quoted pointer or reference types name different address spaces."""
    types = [
        t for t in re.findall(r"'([^']*)'", _AKA.sub("", text)) if "*" in t or "&" in t or _NAMED.search(t)
    ]
    spaces = [tuple(_NAMED.findall(t)) for t in types[:2]]
    pointers = [("*" in t or "&" in t) for t in types[:2]]
    return len(spaces) == 2 and spaces[0] != spaces[1] and any(pointers)


def _worded(text: str, notes: Sequence[str]) -> str:
    """The message, with the note that says why no function fits."""
    if text.startswith("no matching function"):
        note = next((n for n in notes if _NAMED.search(n)), "")
        return f"{text}: {note}" if note else text
    return text


def _has_object(text: str) -> bool:
    """Whether the text speaks of an object of a class in a named address space."""
    return any(m[1] not in BUILTIN_TYPES | _CLANG_TYPES for m in _OBJECT.finditer(text))


def _trusted(unit: Unit, token: Token, text: str, notes: Sequence[str]) -> bool:
    """Whether the error is the text's own, and not one of how it is shown to clang."""
    if "kvist:" in text or _NO_VALUE.match(text) or _CONDITION.match(text):
        return True
    if text.startswith("implicit conversion") and not _CHANGED.match(text):
        return _TO_BFLOAT.match(text) is not None
    if _CHANGED.match(text):
        return text.startswith("implicit conversion from 'long' to")  # literals that no int holds
    if "atomic<" in text and not re.search(r"no matching|no member", text):
        return True
    if _ARTEFACTS.search(text) or any(_has_object(n) for n in (text, *notes)):
        return False
    if "redeclared" in text or "redefinition" in text:
        return token.text != "operator" and token.text not in {m.name for m in qualified_methods(unit)}
    if "variable length array" in text:
        return any(_NOT_CONSTANT.search(n) for n in notes)
    both = " ".join((text, *notes))
    if _OF_BOOL.search(both) or len(set(_COMPARED.findall(both))) > 1:
        counts = [_VECTOR.findall(t) for t in re.split(r" (?:with an? |from |and )", text)]
        return "contextually" in text or (len(counts) == 2 and counts[0][-1:] != counts[1][-1:])
    if "convert between vector" in text:
        return "non-scalar" in text or len(_VECTOR.findall(text)) == 2  # a scalar may be converted
    if text.startswith("static assertion failed"):
        return not re.search(r"\b(?:packed_|bool[234]|simd_packed|alignof|alignas)", unit.text)
    return not ("is ambiguous" in text and "operator" in text)


def _token_at(unit: Unit, offset: int) -> Token | None:
    """The token that begins at the offset, or the last one in front of it."""
    best = None
    for token in unit.tokens:
        if token.start > offset:
            break
        best = token
    return best if offset >= 0 else None
