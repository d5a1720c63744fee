"""Metal text as C++ for clang: attributes away, threadgroup variables static, vectors made by a function."""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kvist.metal.lint.methods import SPACES, qualified_methods
from kvist.metal.lint.names import SIMD_VECTORS, VECTORS
from kvist.metal.lint.unit import Unit
from kvist.metal.threadgroup_variables import declares_pointer
from kvist.metal.tokens import matching

_MADE = VECTORS | SIMD_VECTORS
_FRACTION = re.compile(r"(?:\d[\d']*\.[\d']*|\.\d[\d']*)(?:[eE][+-]?\d+)?|\d[\d']*[eE][+-]?\d+")
_BEFORE_VARIABLE = ("const", "constexpr", "constant", "static", "thread", "metal", "::")


@dataclass(frozen=True)
class Translated:
    """C++ text; `origin` maps its offsets back. From `added` on stand instantiations of our own."""

    text: str
    added: int
    starts: list[int]  # in the C++ text, of the pieces taken over
    sources: list[int]  # where those stand in the Metal text

    def origin(self, offset: int) -> int:
        """The offset in the Metal text."""
        index = max(bisect.bisect_right(self.starts, offset) - 1, 0)
        return self.sources[index] + offset - self.starts[index] if self.starts else 0


def translate(unit: Unit) -> Translated:
    """C++ with the same lines."""
    edits = sorted(_edits(unit).items())
    pieces: list[str] = []
    starts, sources = [0], [0]
    length = position = 0
    for start, (end, replacement) in edits:
        if start < position:
            continue
        kept = unit.text[position:start]
        pieces += [kept, replacement]
        starts += [length + len(kept), length + len(kept) + len(replacement)]
        sources += [start, end]
        length += len(kept) + len(replacement)
        position = end
    pieces.append(unit.text[position:])
    body = re.sub(
        r"^[ \t]*#[ \t]*(?:line|include|import|pragma)\b[^\n]*", _blank, "".join(pieces), flags=re.MULTILINE
    )
    return Translated(body + "\n" + "\n".join(_instances(unit)) + "\n", len(body), starts, sources)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _edits(unit: Unit) -> dict[int, tuple[int, str]]:
    """start: (end, replacement) of pieces of the text."""
    edits: dict[int, tuple[int, str]] = {}
    for attribute in unit.attributes:
        begin, end = unit.tokens[attribute.begin].start, unit.tokens[attribute.end - 1].end
        edits[begin] = (end, re.sub(r"[^\n]", " ", unit.text[begin:end]))
    bodies = [f.body for f in unit.functions]
    for index, token in enumerate(unit.tokens):
        if index in unit.in_attribute:
            continue
        word, after = token.text, unit.words[index + 1 : index + 2]
        before = unit.words[index - 1] if index else ""
        if (
            word == "threadgroup"
            and before in (";", "{", "}")
            and not declares_pointer(unit.tokens, index + 1)
        ):
            if any(begin < index < end for begin, end in bodies):
                edits[token.start] = (token.start, "static ")
        elif word in _MADE and after == ["("] and before != "operator" and not _declares(unit, index):
            edits[token.start] = (token.end, f"metal::kvist_make<{word}>")
            if unit.words[index - 2 : index] == ["metal", "::"]:
                edits[unit.tokens[index - 2].start] = (token.end, f"metal::kvist_make<{word}>")
        elif word in _MADE and _constructed(unit, index, bodies):
            end = unit.tokens[index + 1].end
            edits[end] = (end, f" = metal::kvist_make<{word}>")
        elif word in ("vec", "packed_vec") and after == ["<"]:
            end = unit.closing_angle(index + 1)
            if unit.words[end : end + 2] == [">", "("] and not _declares(unit, end) and before != "operator":
                qualified = unit.words[index - 2 : index] == ["metal", "::"]
                start = unit.tokens[index - 2 if qualified else index].start
                edits[start] = (token.start, "metal::kvist_make<")
                edits[unit.tokens[end].end] = (unit.tokens[end].end, " >")
        elif token.kind == "number" and re.search(r"(?<![xX\da-fA-F])\d*\.?\d*(?:[hH]|bf|BF)$", word):
            edits[token.start] = (token.end, _literal(word))
        elif token.kind == "number" and _FRACTION.fullmatch(word):
            edits[token.end] = (token.end, "f")  # clang forgets in templates that there is no double
    for method in qualified_methods(unit):
        token = unit.tokens[method.qualifier]
        edits[token.start] = (token.end, "")
    for index, definition in _function_constants(unit):
        edits[unit.tokens[index].start] = (unit.tokens[index].start, definition)
    return edits


def _declares(unit: Unit, index: int) -> bool:
    """`float4 (*p)[2]` and `typedef float4 (...)`."""
    inside = unit.words[index + 2 : index + 3]
    if inside not in (["*"], ["&"]):
        return False
    after_type = unit.words[index - 1] in (*SPACES, "const") if index else False
    return after_type or unit.words[index + 4 : index + 6] == [")", "["]


def _constructed(unit: Unit, index: int, bodies: Sequence[tuple[int, int]]) -> bool:
    """`float4 v(1, 2, 3, 4);` of a variable: in a body, or a constant of the program."""
    tokens, words = unit.tokens, unit.words
    if index + 4 >= len(tokens) or tokens[index + 1].kind != "name" or words[index + 2] != "(":
        return False
    if words[index + 3] == ")" or (tokens[index + 3].kind == tokens[index + 4].kind == "name"):
        return False  # a function
    begin = index
    while begin > 0 and words[begin - 1] in _BEFORE_VARIABLE:
        begin -= 1
    starts = begin == 0 or words[begin - 1] in (";", "{", "}", ")", "(")
    inside = "constant" in words[begin:index] or any(opens < index < closes for opens, closes in bodies)
    return starts and inside and words[matching(tokens, index + 2) + 1 :][:1] == [";"]


def _literal(word: str) -> str:
    digits = re.sub(r"(?:[hH]|bf|BF)$", "", word)
    return f"((half){digits}f)" if word[-1] in "hH" else f"((bfloat){digits}f)"


def _function_constants(unit: Unit) -> Iterator[tuple[int, str]]:
    """A value for each function constant; parameters that depend on one have no semicolon behind them."""
    for attribute in unit.attributes:
        if attribute.name.text == "function_constant" and unit.words[attribute.end : attribute.end + 1] == [
            ";"
        ]:
            yield attribute.end, " = {}"


def _instances(unit: Unit) -> Iterator[str]:
    """Explicit instantiations of kernel templates that the text does not instantiate itself."""
    for function in unit.functions:
        if not function.is_kernel or not function.is_template or function.scope:
            continue
        name = unit.words[function.name]
        begin = function.start
        closing = unit.closing_angle(begin + 1)
        arguments = []
        head: list[list[str]] = [[]]
        depth = 0
        for word in unit.words[begin + 2 : closing]:
            depth += (word in ("<", "(")) - (word in (">", ")"))
            if word == "," and depth == 0:
                head.append([])
            else:
                head[-1].append(word)
        if any("." in piece or not piece for piece in head):
            continue
        for piece in head:
            if "=" in piece:
                break
            kind = piece[0]
            arguments.append("float" if kind in ("typename", "class") else "false" if kind == "bool" else "8")
        yield f"template decltype({name}<{', '.join(arguments)}>) {name}<{', '.join(arguments)}>;"
