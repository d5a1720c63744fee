"""simdgroup_matrix: 8 x 8 elements of half, bfloat or float."""

import re
from collections.abc import Iterator

from kvist.metal.lint.names import SCALARS, SIMDGROUP_MATRICES
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit
from kvist.metal.tokens import split_commas

_TEMPLATES = ("simdgroup_matrix", "make_filled_simdgroup_matrix", "make_diagonal_simdgroup_matrix")
_ELEMENTS = {"half", "float", "bfloat", "float16_t", "bfloat16_t"}


def check_matrices(unit: Unit) -> Iterator[Problem]:
    """Sizes and element types where they are plain."""
    for index, token in enumerate(unit.tokens):
        if (
            token.text.startswith("simdgroup_")
            and re.fullmatch(r"simdgroup_[a-z]+\d+x\d+", token.text)
            and token.text not in SIMDGROUP_MATRICES
        ):
            hint = f"one of {', '.join(sorted(SIMDGROUP_MATRICES))}"
            yield unit.problem(token, "matrix-size", f"there is no {token.text}", hint)
        if token.text not in _TEMPLATES or unit.words[index + 1 : index + 2] != ["<"]:
            continue
        inside = unit.tokens[index + 2 : unit.closing_angle(index + 1)]
        arguments = ["".join(t.text for t in piece) for piece in split_commas(inside)]
        sizes = arguments[1:]
        fewest = 3 if token.text == "simdgroup_matrix" else 1
        if not fewest <= len(arguments) <= 3 or any(s.isdecimal() and int(s[:9]) != 8 for s in sizes):
            got = " x ".join(sizes) or "nothing"
            yield unit.problem(token, "matrix-size", f"{token.text} of {got}", "8, 8 is the only size")
        if arguments and arguments[0] in SCALARS - _ELEMENTS:
            message = f"{token.text} of {arguments[0]}"
            yield unit.problem(token, "matrix-type", message, "half, bfloat or float")
