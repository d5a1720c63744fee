"""What of a text belongs to drawing: left out when a kernel of the same file runs."""

import re
from collections.abc import Sequence

from kvist.metal.overloads import Definition
from kvist.metal.tokens import Token

_STAGES = ("vertex", "fragment", "mesh", "object")
_TEXTURE = re.compile(r"(?:texture|depth)(?:1d|2d|3d|cube)(?:_ms)?(?:_array)?|texture_buffer|sampler")


def drawing(tokens: Sequence[Token], found: Sequence[Definition]) -> list[tuple[int, int]]:
    """Spans of the text: vertex and fragment functions, functions that take textures, samplers.

    found: `overloads.definitions`. A kernel of those can be refused by its parameters.
    """
    spans = []
    for (start, end), scope, (first, last) in found:
        if tokens[end - 1].text != "}" or scope.startswith("class"):
            continue
        head = tokens[first:last]
        texture = any(_TEXTURE.fullmatch(t.text) for t in head if t.kind == "name")
        if texture or any(_is_stage(head, index) for index in range(len(head))):
            spans.append((tokens[start].start, tokens[end - 1].end))
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text in ("{", "(")) - (token.text in ("}", ")"))
        if token.text == "sampler" and depth == 0:
            start = index
            while start > 0 and tokens[start - 1].text in ("constexpr", "const", "constant", "static"):
                start -= 1
            end = next((i for i in range(index, len(tokens)) if tokens[i].text == ";"), index)
            spans.append((tokens[start].start, tokens[end].end))
    return spans


def _is_stage(head: Sequence[Token], index: int) -> bool:
    """`vertex` and the like where a function begins; a parameter may be called so."""
    before = head[index - 1].text if index else ""
    return head[index].text in _STAGES and before in ("", "[", "]", ">")
