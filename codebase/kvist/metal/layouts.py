"""Size and offsets of a struct of plain fields, told from its text; no word on one with anything else in it.

Metal Shading Language Specification, 2.2 to 2.4: a vector is aligned to its size, one of three elements to
that of four; packed vectors are aligned to their elements; matrices are columns.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kvist.metal.dtypes import element_dtype
from kvist.metal.simd_types import metal_name
from kvist.metal.tokens import Token, matching, significant, split_commas, tokenize

_VECTOR = re.compile(r"^(?:metal::)?(packed_)?(?:vec<.*,([234])>|[a-z]+([234]))$")
_MATRIX = re.compile(r"^(?:metal::)?(float|half)([234])x([234])$")


@dataclass(frozen=True, slots=True)
class StructLayout:
    """bytes, alignment, and the offset of each field."""

    size: int
    alignment: int
    offsets: tuple[tuple[str, int], ...]
    fields: tuple["Field", ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """`float d[64]`: size is that of one element, count None without brackets."""

    name: str
    kind: str
    offset: int
    size: int
    count: int | None


@lru_cache(maxsize=256)
def struct_layout(text: str, name: str, depth: int = 0) -> StructLayout | None:
    """Of `struct NAME { ... };` in the text; None if it is not there once, or is more than plain fields."""
    tokens = significant(tokenize(text))
    found = list(bodies(tokens, name))
    if len(found) != 1 or depth > 8 or "#pragma pack" in text:
        return None
    offset, alignment, offsets, made = 0, 1, [], []
    for statement in statements(found[0]):
        fields = list(split_commas(statement))
        words = [t.text for t in fields[0]]
        end = words.index("[") if "[" in words else len(words)
        kind = "".join(w for w in words[: end - 1] if w not in ("const", "struct"))
        measured = _measure(kind, text, depth)
        if measured is None:
            return None
        size, aligned = measured
        fields[0] = fields[0][end - 1 :]
        for field in fields:
            count = _count([t.text for t in field[1:]])
            if count is None or not field or field[0].kind != "name":
                return None
            offset = -(-offset // aligned) * aligned
            offsets.append((field[0].text, offset))
            made.append(Field(field[0].text, kind, offset, size, count if len(field) > 1 else None))
            offset += size * count
        alignment = max(alignment, aligned)
    if not offsets:
        return None
    return StructLayout(-(-offset // alignment) * alignment, alignment, tuple(offsets), tuple(made))


def field_at(text: str, kind: str, within: int, depth: int = 0) -> str:
    """`.d[63]` for a byte of the struct `kind`; empty where the text does not tell."""
    layout = struct_layout(text, kind) if kind.isidentifier() and depth < 8 else None
    for f in layout.fields if layout else ():
        if f.offset <= within < f.offset + f.size * (f.count or 1):
            index, rest = divmod(within - f.offset, f.size)
            place = f".{f.name}" + (f"[{index}]" if f.count is not None else "")
            return place + field_at(text, f.kind, rest, depth + 1)
    return ""


def bodies(tokens: Sequence[Token], name: str) -> Iterator[Sequence[Token]]:
    """Between the braces of `struct NAME {}` and `typedef struct {} NAME;`; nothing of a template."""
    for index, token in enumerate(tokens[:-3]):
        if token.text != "struct" or (index and tokens[index - 1].text == ">"):
            continue
        brace = index + 1 + (tokens[index + 1].kind == "name")
        if tokens[brace].text != "{":
            continue
        end = matching(tokens, brace)
        named = tokens[index + 1].text == name
        if named or [t.text for t in tokens[end + 1 : end + 3]] == [name, ";"]:
            yield tokens[brace + 1 : end]


def statements(body: Sequence[Token]) -> Iterator[list[Token]]:
    """What stands in front of each `;`."""
    piece: list[Token] = []
    for token in body:
        if token.text == ";":
            if piece:
                yield piece
            piece = []
        else:
            piece.append(token)
    if piece:
        yield piece


def _measure(kind: str, text: str, depth: int) -> tuple[int, int] | None:
    """(bytes, alignment) of one value."""
    kind = metal_name(kind)
    matrix = _MATRIX.match(kind)
    if matrix:
        scalar, rows = (4 if matrix[1] == "float" else 2), int(matrix[3])
        column = scalar * (2 if rows == 2 else 4)
        return column * int(matrix[2]), column
    dtype = element_dtype(kind)
    if dtype is None:
        inner = struct_layout(text, kind, depth + 1) if kind.isidentifier() else None
        return (inner.size, inner.alignment) if inner else None
    vector = _VECTOR.match(kind)
    if vector is None:
        return dtype.size, dtype.size
    lanes = int(vector[2] or vector[3])
    if vector[1]:
        return dtype.size * lanes, dtype.size
    whole = dtype.size * (2 if lanes == 2 else 4)
    return whole, whole


def _count(words: Sequence[str]) -> int | None:
    """Of `[4][2]`; 1 without."""
    count = 1
    for index in range(0, len(words), 3):
        inside = words[index : index + 3]
        if len(inside) != 3 or inside[0] != "[" or inside[2] != "]" or not inside[1].isdecimal():
            return None
        count *= int(inside[1])
    return count
