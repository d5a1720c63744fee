"""Which of clang's errors mean that the Metal text is wrong, and how to say them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from kvist.metal.lint.names import BUILTIN_TYPES, FUNCTIONS, INDICES, KEYWORDS, POSITIONS
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.translate import Translated
from kvist.metal.lint.unit import Unit
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
# Errors that are true whatever the header leaves out, once no name is missing.
_BELIEVED = (
    (r"cannot assign to|is not assignable|cannot modify|cannot take the address of an rvalue", "const-write"),
    (r"variable length array", "array-size"),
    (r"^explicit instantiation of .* does not refer to", "instantiation"),
    (r"not contextually convertible to 'bool'", "condition"),
    (r"convert between vector values of different size", "type"),
    (r"^expected |a type specifier is required|requires a type specifier", "syntax"),
    (r"extraneous|unterminated|missing ", "syntax"),
    (r"redefinition of|conflicting types for", "redefinition"),
    (r"no member named|vector component access|illegal vector component", "member"),
    (r"is ambiguous", "ambiguous-call"),
    (r"static assertion failed.*as_type", "size"),
    (r"static assertion failed.*atomic_float", "atomic"),
    (r"too (?:few|many) arguments to function call|requires \d+ argument", "arguments"),
    (r"(?:initialize|assigning|conversion|operands).*atomic<", "atomic"),
    (r"indirection requires pointer|subscripted value is not|called object type", "type"),
    (r"non-void function .* should return|void function .* should not return", "type"),
    (r"assigning to .* from incompatible type|cannot initialize|incompatible pointer", "type"),
    (r"invalid operands to binary expression", "type"),
)


_UNFIT = re.compile(r"no known conversion")
_OF_BOOLS = re.compile(r"illegal vector component name ''(?:[xyzw]{1,4}|[rgba]{1,4})''")  # clang has none
_NOT_CONSTANT = re.compile(r"^(?:read of non-const|function parameter '\w+' with unknown value)")
_VECTOR = re.compile(r"vector of (\d+) '")
_UNNAMED = re.compile(r"'[^']* __attribute__\(\(ext_vector_type\(\d\)\)\)' \((vector of \d '\w+' values)\)")
_ASSERTED = re.compile(r"^static assertion failed.*?(?:'|failed): ?")


class Error(NamedTuple):
    """An error of clang: offset in the C++ text, the notes under it, the greatest offset of a note."""

    offset: int
    message: str
    notes: list[str]
    last: int


def judge(unit: Unit, made: Translated, errors: Sequence[Error]) -> list[Problem]:
    """Problems that the errors show."""
    missing = _names_that_the_header_lacks(errors)
    found = []
    for offset, message, notes, last in errors:
        text = _plain(message)
        listed = [_plain(note) for note in notes]
        if offset >= made.added:
            continue
        token = _token_at(unit, made.origin(offset) if offset >= 0 else -1)
        if token is None:
            continue
        if _is_space(text, listed):
            hint = "the pointer keeps the address space it was made with; copy the values"
            found.append(unit.problem(token, "address-space", _worded(text, listed), hint))
            continue
        if last >= made.added:
            continue  # an instance that the text does not ask for
        unknown = _UNKNOWN.match(text)
        if unknown:
            name = _name(unknown)
            if not _known(name) and not missing:
                found.append(unit.problem(token, "undeclared", text, _declare(name)))
            continue
        if text.startswith("no matching function") and not missing:
            found += _no_match(unit, token, text, listed)
            continue
        code = next((code for pattern, code in _BELIEVED if re.search(pattern, text)), "")
        if code and not missing and _trusted(code, text, listed):
            found.append(unit.problem(token, code, _worded_plainly(text)))
    return found


def _worded_plainly(text: str) -> str:
    if "variable length array" in text:
        return "the size of an array must be a constant"
    return _UNNAMED.sub(r"a \1", _ASSERTED.sub("", text))


def _known(name: str) -> bool:
    """Whether Metal has the name and only the header has not. Short names that MLX uses are variables."""
    return (
        name in FUNCTIONS | BUILTIN_TYPES | KEYWORDS
        or (len(name) > 3 and name in called_by_mlx())
        or name.startswith(("simd", "quad", "atomic", "metal", "__", "M_", "texture", "access", "raytracing"))
    )


def _names_that_the_header_lacks(errors: Sequence[Error]) -> bool:
    names = (_UNKNOWN.match(message) for _, message, _, _ in errors)
    return any(m and _known(_name(m)) for m in names)


def _name(unknown: re.Match[str]) -> str:
    return (unknown[1] or unknown[2]).rpartition("::")[2]


def _declare(name: str) -> str:
    if name in POSITIONS | INDICES:
        return f"a parameter `uint {name} [[{name}]]` of the kernel"
    return hint_for(name)


def _no_match(unit: Unit, token: Token, text: str, notes: Sequence[str]) -> list[Problem]:
    """Atomic functions on what is no atomic; calls of own functions with too many or few arguments."""
    called = re.search(r"call to '(\w+)'", text)
    name = called[1] if called else ""
    if re.fullmatch(r"atomic_\w+_explicit", name) and any("could not match" in n for n in notes):
        hint = "device atomic_uint* or threadgroup atomic_uint*, and memory_order_relaxed"
        return [unit.problem(token, "atomic", f"{name} of what is no atomic", hint)]
    candidates = [n for n in notes if n.startswith("candidate")]
    if candidates and all(re.search(r"requires .*\d arguments?, but", n) for n in candidates):
        return [unit.problem(token, "arguments", f"{text}: {candidates[0]}")]
    return []


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
    types = [t for t in re.findall(r"'([^']*)'", text) if "*" in t or "&" in t or _NAMED.search(t)]
    spaces = [tuple(_NAMED.findall(t)) for t in types[:2]]
    pointers = [("*" in t or "&" in t) for t in types[:2]]
    return len(spaces) == 2 and spaces[0] != spaces[1] and any(pointers)


def _worded(text: str, notes: Sequence[str]) -> str:
    """The message, with the note that says why no function fits."""
    if text.startswith("no matching function"):
        note = next((n for n in notes if _NAMED.search(n)), "")
        return f"{text}: {note}" if note else text
    return text


def _trusted(code: str, text: str, notes: Sequence[str]) -> bool:
    if code == "member":
        return not _OF_BOOLS.search(text)
    if code == "condition":
        return "vector of" in text
    if code == "array-size":
        return any(_NOT_CONSTANT.search(n) for n in notes)
    if code == "type":
        counts = [_VECTOR.findall(t) for t in re.split(r" (?:with an? |from |and )", text)]
        if len(counts) == 2 and counts[1] and counts[0][-1:] != counts[1][-1:]:
            return True  # vectors of different length, or a vector as a scalar
        if len(re.findall(r"\w \*'", text)) == 2:
            return True  # two pointers
        return not re.search(
            r"vec|__ext_vector|\b(half|bfloat|bool|u?(char|short|int|long)|float)[234]\b", text
        )
    return not (code == "ambiguous-call" and "operator" in text)


def _token_at(unit: Unit, offset: int) -> Token | None:
    """The token that begins at the offset, or the last one in front of it."""
    best = None
    for token in unit.tokens:
        if token.start > offset:
            break
        best = token
    return best if offset >= 0 else None
