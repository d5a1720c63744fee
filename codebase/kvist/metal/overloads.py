"""Definitions that Metal tells apart by address space only.

`float sum(device const float* p)` beside `float sum(threadgroup const float* p)`, or a constructor that is
written once for each address space, are one definition without address spaces. The first stays; its text is
that of the others wherever the language was made for this.
"""

from collections.abc import Iterator, Sequence

from kvist.metal.tokens import Token, attribute_end, is_attribute, matching, split_commas

SPACES = ("device", "constant", "threadgroup", "thread", "coherent")
_CLASS = ("struct", "class", "union")
Span = tuple[int, int]


Definition = tuple[Span, str, Span]


def repeated_definitions(tokens: Sequence[Token], found: Sequence[Definition]) -> list[tuple[Span, Span]]:
    """Definitions that differ from an earlier one of the same scope in address space only, each with that."""
    if not any(t.text in SPACES for t in tokens):
        return []
    seen: dict[tuple[str, ...], tuple[list[str], Span]] = {}
    repeated = []
    for span, scope, head in found:
        words = [t.text for t in tokens[slice(*head)]]
        key = (scope, *_normal(tokens[slice(*head)]))
        spaced = [w for w in words if w in SPACES]
        if key in seen and spaced != seen[key][0]:  # of one space: const tells them apart, as in C++
            repeated.append((span, seen[key][1]))
        else:
            seen[key] = spaced, span
    return repeated


def definitions(tokens: Sequence[Token], start: int, end: int, scope: str) -> Iterator[Definition]:
    """(whole, scope, head without body) of functions and classes between two indices, outermost first."""
    index = start
    while index < end:
        stop = _statement_end(tokens, index, end)
        if stop >= end:
            return
        word = tokens[stop].text
        if word in (";", ":"):
            if scope.startswith("class") and _has_call(tokens, index, stop) and word == ";":
                yield (index, stop + 1), scope, (index, _signature_end(tokens, index, stop))
            index = stop + 1
            continue
        if word == "}":
            index = stop + 1
            continue
        closing = matching(tokens, stop)
        kind, name = _kind(tokens, index, stop)
        if kind == "namespace":
            yield from definitions(tokens, stop + 1, closing, f"{scope}{name}::")
            index = closing + 1
        elif kind == "class":
            behind = closing + 1
            while behind < end and tokens[behind].text != ";":
                behind += 1
            yield (index, behind + 1), scope, (index, stop)
            inner = f"class {scope}{' '.join(t.text for t in tokens[index:stop])}::"
            yield from definitions(tokens, stop + 1, closing, inner)
            index = behind + 1
        elif kind == "function":
            yield (index, closing + 1), scope, (index, _signature_end(tokens, index, stop))
            index = closing + 1
        else:
            index = closing + 1


def _statement_end(tokens: Sequence[Token], index: int, end: int) -> int:
    """Index of the `;`, of the `{` of a body, or of the `:` of `public:`."""
    position = index
    while position < end:
        word = tokens[position].text
        if word in ("(", "["):
            position = matching(tokens, position)
        elif word in (";", "}") or (
            word == ":" and tokens[position - 1].text in ("public", "private", "protected")
        ):
            return position
        elif word == "{":
            if _kind(tokens, index, position)[0] != "other":
                return position
            position = matching(tokens, position)  # the braces of an initial value
        position += 1
    return end


def _behind_template_head(tokens: Sequence[Token], index: int, stop: int) -> int:
    while index + 1 < stop and tokens[index].text == "template" and tokens[index + 1].text == "<":
        depth, index = 1, index + 2
        while index < stop and depth:
            word = tokens[index].text
            if word in ("(", "[", "{"):
                index = matching(tokens, index)
            depth += (word == "<") - (word == ">")
            index += 1
    return index


def _kind(tokens: Sequence[Token], index: int, stop: int) -> tuple[str, str]:
    first = _behind_template_head(tokens, index, stop)
    while first < stop and is_attribute(tokens, first):
        first = attribute_end(tokens, first)
    words = [t.text for t in tokens[first:stop]]
    if "namespace" in words[:2]:
        return "namespace", "".join(w for w in words if w not in ("namespace", "inline"))
    if words[:1] == ["extern"]:
        return "namespace", ""
    if words[:1] and words[0] in _CLASS and "(" not in words:
        return "class", words[1] if len(words) > 1 else ""
    if words[:1] == ["enum"]:
        return "enum", ""
    called = _has_call(tokens, first, stop)
    return ("function", "") if called else ("other", "")


def _has_call(tokens: Sequence[Token], index: int, stop: int) -> bool:
    """Whether a parameter list stands at the top level, in front of any `=`."""
    previous = ""
    for token in tokens[_behind_template_head(tokens, index, stop) : stop]:
        if token.text == "(":
            return True
        if token.text == "=" and previous not in ("operator", "=", "!", "<", ">", "+", "-", "*", "/"):
            return False
        previous = token.text
    return False


def _signature_end(tokens: Sequence[Token], index: int, stop: int) -> int:
    """In front of a constructor's `: member(value)`."""
    position = _behind_template_head(tokens, index, stop)
    while position < stop:
        if tokens[position].text in ("(", "["):
            position = matching(tokens, position)
        elif tokens[position].text == ":":
            return position
        position += 1
    return stop


def _normal(head: Sequence[Token]) -> list[str]:
    """The words of a signature without address spaces, attributes, defaults and names of parameters."""
    words: list[str] = []
    index = 0
    opening = _parameter_list(head)
    while index < len(head):
        if is_attribute(head, index):
            index = attribute_end(head, index)
            continue
        if index == opening:
            closing = matching(head, index)
            words.append("(")
            for piece in split_commas(head[index + 1 : closing]):
                words += [*_type_of(piece), ","]
            words.append(")")
            index = closing + 1
            continue
        if head[index].text not in SPACES and head[index].text not in ("METAL_FUNC", "inline", "constexpr"):
            words.append(head[index].text)
        index += 1
    return words


def _parameter_list(head: Sequence[Token]) -> int:
    """Index of the last `(` at the top level, or -1."""
    found, index = -1, _behind_template_head(head, 0, len(head))
    while index < len(head):
        if head[index].text == "(":
            found = index
        if head[index].text in ("(", "["):
            index = matching(head, index)
        index += 1
    return found


def _type_of(piece: Sequence[Token]) -> list[str]:
    words = [t.text for t in piece if t.text not in SPACES and t.text != "const"]
    if "=" in words:
        words = words[: words.index("=")]
    named = (
        len(words) > 1
        and words[-1].isidentifier()
        and words[-2] not in ("::", "const", "unsigned", "typename")
    )
    return words[:-1] if named else words
