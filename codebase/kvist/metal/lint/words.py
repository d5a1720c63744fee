"""Words of C++ that Metal does not have, literals, lambdas, strings."""

import re
from collections.abc import Iterator

from kvist.metal.lint.names import MEANT
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit

_WORDS = {
    "double": ("double", "float is the widest floating-point type"),
    "__int128": ("int128", "long is the widest integer, of 64 bits"),
    "goto": ("goto", ""),
    "new": ("new", "memory comes from buffers and threadgroup variables"),
    "delete": ("new", "memory comes from buffers and threadgroup variables"),
    "virtual": ("virtual", "functions are chosen at compile time: use a template"),
    "dynamic_cast": ("rtti", ""),
    "typeid": ("rtti", ""),
    "throw": ("exception", ""),
    "try": ("exception", ""),
    "catch": ("exception", ""),
    "thread_local": ("thread_local", "variables of a function are private to the thread"),
    "register": ("register", "leave it out"),
    "asm": ("asm", ""),
    "__shared__": ("cuda", "threadgroup"),
    "__global__": ("cuda", "kernel"),
    "__device__": ("cuda", "leave it out"),
    "__host__": ("cuda", "leave it out"),
    "__constant__": ("cuda", "constant"),
    "co_await": ("coroutine", ""),
    "co_yield": ("coroutine", ""),
    "co_return": ("coroutine", ""),
}
_PRINTING = ("printf", "fprintf", "sprintf", "snprintf", "puts", "putchar", "cout", "cerr")
_INTEGER = (
    r"(?:0[xX][\da-fA-F']+|0[bB][01']+|0[0-7']*|[1-9][\d']*)(?:[uU]?(?:l{1,2}|L{1,2})?|(?:l|L){1,2}[uU])"
)
_DECIMAL = r"(?:\d[\d']*\.[\d']*|\.\d[\d']*|\d[\d']*(?=[eE]))(?:[eE][+-]?\d+)?(?:[fFhH]|bf|BF)?"
_HEX_FLOAT = r"0[xX][\da-fA-F]*\.?[\da-fA-F]*[pP][+-]?\d+(?:[fFhH]|bf|BF)?"
_NUMBER = re.compile(f"{_INTEGER}|{_DECIMAL}|{_HEX_FLOAT}")
_KEEPS_STRINGS = ("static_assert", "_Pragma", "__attribute__", "extern", "os_log")
_MEMORY_ORDER = re.compile(r"memory_order_(?:acquire|release|acq_rel|consume)")
_BARRIERS = ("threadgroup_barrier", "simdgroup_barrier")
_FLAGS = {"mem_none", "mem_device", "mem_threadgroup", "mem_texture", "mem_threadgroup_imageblock"}
_FLAGS |= {"mem_object_data"}


def check_words(unit: Unit) -> Iterator[Problem]:
    """The first five rules of the language's list of restrictions, and names that have no meaning here."""
    for index, token in enumerate(unit.tokens):
        if token.kind != "name" or index in unit.in_attribute:
            continue
        word = token.text
        before = unit.words[index - 1] if index else ""
        after = unit.words[index + 1] if index + 1 < len(unit.words) else ""
        if before in (".", "-") and after != "(":  # a member of that name
            continue
        if word in _WORDS and not (word == "delete" and before == "="):
            code, hint = _WORDS[word]
            yield unit.problem(token, code, f"Metal has no `{word}`", hint)
        elif re.fullmatch(r"(?:packed_)?double[234]", word):
            yield unit.problem(token, "double", f"Metal has no `{word}`", "float is the widest")
        elif word == "noexcept" and after == "(":
            yield unit.problem(token, "exception", "Metal has no `noexcept` operator")
        elif word == "std" and after == "::":
            name = unit.words[index + 2] if index + 2 < len(unit.words) else ""
            yield unit.problem(token, "std", f"std::{name} is of the C++ library", f"try metal::{name}")
        elif word == "std" and before == "namespace":
            yield unit.problem(token, "std", "the C++ library is not there", "using namespace metal;")
        elif word in _PRINTING and after in ("(", "<"):
            yield unit.problem(token, "printing", f"Metal has no `{word}`", MEANT["printf"])
        elif word == "long" and after == "long":
            yield unit.problem(token, "long-long", "Metal has no `long long`", "long has 64 bits")
        elif word == "memory_order_seq_cst" and _in_atomic_function(unit, index):
            hint = "memory_order_relaxed"
            yield unit.problem(token, "memory-order", f"{word} is for atomic_thread_fence alone", hint)
        elif _MEMORY_ORDER.fullmatch(word):
            hint = "memory_order_relaxed, and a barrier for order"
            yield unit.problem(token, "memory-order", f"{word} is not in Metal 3.1", hint)
        elif word.startswith("mem_") and before == "::" and unit.words[index - 2] == "mem_flags":
            if word not in _FLAGS:
                yield unit.problem(token, "barrier", f"mem_flags has no {word}", "mem_flags::mem_threadgroup")
        elif word in _BARRIERS and unit.words[index + 1 : index + 3] == ["(", ")"]:
            hint = f"{word}(mem_flags::mem_threadgroup)"
            yield unit.problem(token, "barrier", f"{word} needs memory flags", hint)


def _in_atomic_function(unit: Unit, index: int) -> bool:
    """Whether this is an argument of an atomic function; atomic_thread_fence takes more orders."""
    start = index
    while start > 0 and unit.words[start - 1] not in (";", "{", "}"):
        start -= 1
    return any(re.fullmatch(r"atomic_\w+_explicit", w) for w in unit.words[start:index])


def check_literals(unit: Unit) -> Iterator[Problem]:
    """Numbers with suffixes that Metal has; strings only where nothing keeps them."""
    for index, token in enumerate(unit.tokens):
        if token.kind == "number" and not _NUMBER.fullmatch(token.text):
            hint = (
                "suffixes: f, h, bf (or F, H, BF) behind a fraction or exponent; u, l, ul behind an integer"
            )
            yield unit.problem(token, "literal", f"{token.text} is not a number of Metal", hint)
        elif token.kind == "string" and token.text[0] == '"' and not _string_may_stand(unit, index):
            message = "a string outside of attributes and static_assert"
            yield unit.problem(token, "string", message, "Metal 3.1 has no strings and prints nothing")


def _string_may_stand(unit: Unit, index: int) -> bool:
    if index in unit.in_attribute:
        return True
    start = index
    while start > 0 and unit.words[start - 1] not in (";", "{", "}"):
        start -= 1
    statement = unit.words[start:index]
    return any(w in _KEEPS_STRINGS or w.startswith("log_") for w in statement)


def check_lambdas(unit: Unit) -> Iterator[Problem]:
    """`[...](...) {`."""
    closing: dict[int, int] = {}
    stack = []
    for index, word in enumerate(unit.words):
        if word == "[":
            stack.append(index)
        elif word == "]" and stack:
            closing[stack.pop()] = index
    for begin, end in closing.items():
        before = unit.tokens[begin - 1] if begin else None
        subscript = before is not None and (before.kind in ("number", "string") or before.text in ("]", ")"))
        named = before is not None and before.kind == "name" and before.text not in ("return", "else", "case")
        after = unit.words[end + 1] if end + 1 < len(unit.words) else ""
        if not subscript and not named and after in ("(", "{") and begin not in unit.in_attribute:
            hint = "a function, or a struct with operator(); Metal 3.2 has them"
            yield unit.problem(unit.tokens[begin], "lambda", "Metal 3.1 has no lambda expressions", hint)
