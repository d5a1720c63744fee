"""The parameters of a kernel: type, address space, attribute."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kvist.errors import KvistError
from kvist.metal.tokens import Token, attribute_end, is_attribute, matching, split_commas

ADDRESS_SPACES = ("device", "constant", "threadgroup", "thread")
_NOT_THE_TYPE = (
    *ADDRESS_SPACES,
    "const",
    "volatile",
    "*",
    "&",
    "restrict",
    "__restrict",
    "coherent",
    "struct",
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`device const T* x [[buffer(0)]]`: type_name T, space device, a pointer, attribute buffer, index 0.

    condition: the function constant that says whether the parameter is there at all.
    """

    name: str
    type_name: str
    space: str
    is_const: bool
    is_pointer: bool
    is_reference: bool
    is_array: bool
    attribute: str
    index: int
    start: int = 0
    condition: str = ""


def named_numbers(tokens: Sequence[Token]) -> dict[str, int]:
    """Enumerators and constants with a plain value, which may stand in `[[buffer(NAME)]]`."""
    numbers: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.text == "=" and index + 2 < len(tokens) and tokens[index + 2].text == ";":
            word = tokens[index + 1].text.rstrip("uUlL")
            if word.isdecimal():
                numbers[tokens[index - 1].text] = int(word)
        if token.text != "enum":
            continue
        opening = next((i for i in range(index, len(tokens)) if tokens[i].text in ("{", ";", ")")), index)
        if tokens[opening].text != "{":
            continue
        value = 0
        for piece in split_commas(tokens[opening + 1 : matching(tokens, opening)]):
            words = [t.text for t in piece]
            if len(words) > 1:
                word = words[2].rstrip("uUlL") if len(words) == 3 and words[1] == "=" else ""
                known = int(word) if word.isdecimal() else numbers.get(word)
                if known is None:
                    break
                value = known
            numbers[words[0]] = value
            value += 1
    return numbers


def parameters_of(
    tokens: Sequence[Token], kernel: str, numbers: Mapping[str, int] | None = None
) -> tuple[Parameter, ...]:
    """The parameters between the brackets of `kernel`. MSL numbers buffers without an attribute in order.

    numbers: values of names that may stand for an index.
    """
    parameters: list[Parameter] = []
    next_buffer = 0
    for piece in split_commas(tokens):
        if [t.text for t in piece] == ["void"]:
            continue
        parameter = _parameter(piece, kernel, next_buffer, numbers or {})
        if parameter.attribute == "buffer":
            next_buffer = parameter.index + 1
        parameters.append(parameter)
    return tuple(parameters)


def _parameter(
    piece: Sequence[Token], kernel: str, next_buffer: int, numbers: Mapping[str, int]
) -> Parameter:
    declaration, attributes = without_attributes(piece)
    words = [t.text for t in declaration]
    array = words.index("[") if words[-1:] == ["]"] else len(words)  # `constant int shape[2]` is a pointer
    name = next((w for w in reversed(words[:array]) if w.isidentifier()), "?")
    space = next((w for w in words if w in ADDRESS_SPACES), "")
    stars = [i for i, w in enumerate(words) if w == "*"]
    pointed_to = words[: stars[-1]] if stars else words  # `device T* const p` may be written through
    is_buffer = bool(stars) or "&" in words or array < len(words)
    condition = "".join(attributes.pop("function_constant", []))
    attribute, arguments = next(iter(attributes.items()), ("", []))
    if not attribute:
        if not is_buffer:
            raise KvistError(f"metal {kernel}", f"an [[attribute]] of parameter {name}", "none")
        attribute = "threadgroup" if space == "threadgroup" else "buffer"
    known = index_of(arguments, numbers)
    index = next_buffer if known is None else known
    return Parameter(
        name=name,
        type_name=_type_name(words[: words.index(name)] if name in words else words),
        space=space,
        is_const="const" in pointed_to or space == "constant",
        is_pointer=bool(stars) or (array < len(words) and "&" not in words),
        is_reference="&" in words,
        is_array="[" in words,
        attribute=attribute,
        index=index if is_buffer else -1,
        start=piece[0].start,
        condition=condition,
    )


def without_attributes(piece: Sequence[Token]) -> tuple[list[Token], dict[str, list[str]]]:
    """What is no `[[attribute]]`, and the words in the brackets of each attribute."""
    declaration: list[Token] = []
    attributes: dict[str, list[str]] = {}
    index = 0
    while index < len(piece):
        if is_attribute(piece, index):
            end = attribute_end(piece, index)
            for item in split_commas(piece[index + 2 : end - 2]):
                attributes[item[0].text] = [t.text for t in item[2:-1]]
            index = end
        else:
            declaration.append(piece[index])
            index += 1
    return declaration, {k: v for k, v in attributes.items() if k != "maybe_unused"}


def _type_name(words: Sequence[str]) -> str:
    text = ""
    for word in words:
        if word in _NOT_THE_TYPE:
            continue
        text += " " + word if text and text[-1].isalnum() and word[0].isalnum() else word
    return text.rstrip("(")


def index_of(words: Sequence[str], numbers: Mapping[str, int] | None = None) -> int | None:
    """The number in `[[buffer(BASE + 1)]]`: whole numbers and names of them, added; None for the rest."""
    text = "".join(str((numbers or {}).get(w, w)) for w in words)
    behind_minus = "-(" in text
    text = text.replace("(", "").replace(")", "")
    if behind_minus or not re.fullmatch(r"\d+[uU]?(?:[+-]\d+[uU]?)*", text):
        return None
    return sum(int(term.rstrip("uU")) for term in re.findall(r"[+-]?\d+[uU]?", text))
