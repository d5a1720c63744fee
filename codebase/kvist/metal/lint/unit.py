"""One Metal text, taken apart once for all the rules."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from kvist.metal.lint.names import BUILTIN_TYPES
from kvist.metal.lint.problems import Problem
from kvist.metal.overloads import Definition, definitions
from kvist.metal.places import place_of
from kvist.metal.tokens import Token, attribute_end, is_attribute, matching, split_commas

HEADER_SUFFIXES = (".h", ".hpp")  # compiled as files, never handed over as text: comments may say anything
_NAMED = ("struct", "class", "union", "enum", "typename", "using")


@dataclass(frozen=True, slots=True)
class Function:
    """A function with a body. Indices of tokens: name, brackets of the parameters, braces."""

    name: int
    parameters: tuple[int, int]
    body: tuple[int, int]
    start: int
    scope: str
    is_kernel: bool
    is_template: bool


@dataclass(frozen=True, slots=True)
class Attribute:
    """One item of `[[a, b(0)]]`: its name, the tokens in its brackets, and the indices around the `[[ ]]`."""

    name: Token
    arguments: tuple[Token, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Unit:
    """`text` is preprocessed and its brackets match; `raw` is what stands in the file `label`."""

    raw: str
    text: str
    label: str
    tokens: Sequence[Token]

    def problem(self, where: Token, code: str, message: str, hint: str = "") -> Problem:
        """A problem at a token."""
        file, line = place_of(self.text, where.start, self.label)
        begin = self.text.rfind("\n", 0, where.start) + 1
        column = where.start - begin + 1
        if file == self.label:
            column = _column(self.raw_lines, line, where.text, column)
        return Problem(line, column, code, message, hint, file=file)

    @cached_property
    def raw_lines(self) -> list[str]:
        return self.raw.split("\n")

    @cached_property
    def words(self) -> list[str]:
        """The texts of the tokens."""
        return [t.text for t in self.tokens]

    @cached_property
    def attributes(self) -> list[Attribute]:
        """All attributes of the text."""
        found: list[Attribute] = []
        index = 0
        while index < len(self.tokens):
            if not is_attribute(self.tokens, index) or self._subscript(index):
                index += 1
                continue
            end = attribute_end(self.tokens, index)
            for item in split_commas(self.tokens[index + 2 : end - 2]):
                if item:
                    found.append(Attribute(item[0], tuple(item[2:-1]), index, end))
            index = max(end, index + 1)
        return found

    def _subscript(self, index: int) -> bool:
        """`a[[...]{...}()]`, a lambda inside a subscript."""
        before = self.tokens[index - 1] if index else None
        end = attribute_end(self.tokens, index)
        return end < 2 or self.words[end - 2] != "]" or (before is not None and before.text == "operator")

    @cached_property
    def in_attribute(self) -> frozenset[int]:
        """Indices of the tokens of attributes."""
        return frozenset(i for a in self.attributes for i in range(a.begin, a.end))

    @cached_property
    def declaring(self) -> frozenset[str]:
        """The words outside of attributes."""
        return frozenset(w for i, w in enumerate(self.words) if i not in self.in_attribute)

    @cached_property
    def _definitions(self) -> list[Definition]:
        return list(definitions(self.tokens, 0, len(self.tokens), ""))

    @cached_property
    def classes(self) -> list[tuple[int, int]]:
        """The spans of structs, classes and unions."""
        heads = [(span, self.words[first:last]) for span, _, (first, last) in self._definitions]
        return [
            (start, end)
            for (start, end), head in heads
            if self.words[min(end, len(self.words)) - 1] == ";" and {"struct", "class", "union"} & {*head}
        ]

    @cached_property
    def functions(self) -> list[Function]:
        """Every function with a body, methods included."""
        found = []
        for (start, end), scope, (first, last) in self._definitions:
            if end > len(self.tokens) or self.words[end - 1] != "}":
                continue
            begin = self._after_template(first, last)
            head = [i for i in range(begin, last) if i not in self.in_attribute]
            opening = next((i for i in head if self.words[i] == "("), -1)
            if opening < 1 or opening == head[0]:
                continue
            if self.words[opening - 1] == "operator":  # operator()(...)
                opening += 2
            if opening >= last or self.words[opening] != "(":
                continue
            closing = matching(self.tokens, opening)
            opens = next((i for i in range(closing, end) if self.words[i] == "{"), -1)
            if opens < 0:
                continue
            marks = [a for a in self.attributes if start <= a.begin < opening and a.name.text == "kernel"]
            is_kernel = bool(marks) or any(self.words[i] == "kernel" for i in range(begin, opening))
            found.append(
                Function(
                    name=opening - 1,
                    parameters=(opening, closing),
                    body=(opens, end - 1),
                    start=start,
                    scope=scope,
                    is_kernel=is_kernel,
                    is_template=begin > first,
                )
            )
        return found

    def _after_template(self, index: int, stop: int) -> int:
        while index + 1 < stop and self.words[index] == "template" and self.words[index + 1] == "<":
            index = self.closing_angle(index + 1, stop) + 1
        return index

    def closing_angle(self, index: int, stop: int | None = None) -> int:
        """Index of the `>` that closes the `<` at `index`, or of what ends the search for it."""
        depth = 0
        stop = len(self.words) if stop is None else stop
        while index < stop:
            word = self.words[index]
            if word in ("(", "[", "{"):
                index = matching(self.tokens, index)
            elif word in (";", "}", ")", "]"):
                return index
            depth += (word == "<") - (word == ">")
            if depth == 0:
                return index
            index += 1
        return stop - 1

    def parameters(self, function: Function) -> Iterator[list[Token]]:
        """The tokens of each parameter."""
        opening, closing = function.parameters
        for piece in split_commas(self.tokens[opening + 1 : closing]):
            if piece and [t.text for t in piece] != ["void"]:
                yield piece

    @cached_property
    def own_types(self) -> frozenset[str]:
        """Names of types that the text makes, template parameters included."""
        found = set()
        for (i, token), (_, following) in pairwise(enumerate(self.tokens)):
            if token.text in _NAMED and following.kind == "name":
                found.add(following.text)
            elif token.text == "typedef":
                end = i
                while end < len(self.words) and self.words[end] != ";":
                    end = matching(self.tokens, end) + 1 if self.words[end] == "{" else end + 1
                found.update(self._typedef_names(i + 1, end))
        return frozenset(found)

    def _typedef_names(self, begin: int, end: int) -> list[str]:
        """The last name of `typedef ... name`, or that of `typedef void (name)(uint n)`, `(*name)(...)`."""
        if self.words[end - 1] == ")":
            opening = end - 1
            depth = 0
            while opening > begin:
                depth += (self.words[opening] == ")") - (self.words[opening] == "(")
                if depth == 0:
                    break
                opening -= 1
            end = opening
        return [w for w in self.words[begin:end] if w.isidentifier()][-1:]

    @cached_property
    def variables(self) -> frozenset[str]:
        """Names that follow a type of the language: of variables and parameters."""
        return frozenset(
            here.text
            for (before, here), after in zip(pairwise(self.tokens), self.words[2:], strict=False)
            if before.text in BUILTIN_TYPES
            and here.kind == "name"
            and after in ("=", ";", ",", ")", "[", "{")
        )

    @cached_property
    def types(self) -> frozenset[str]:
        """Names of types that can stand in front of `*`: the language's and the text's own."""
        return self.own_types | BUILTIN_TYPES


def _column(lines: Sequence[str], line: int, word: str, near: int) -> int:
    """Where `word` stands in a line of the file; the preprocessor does not keep spaces."""
    if not 0 < line <= len(lines):
        return near
    row = lines[line - 1]
    if row[near - 1 : near - 1 + len(word)] == word:
        return near
    edges = (r"(?<!\w)", r"(?!\w)") if word[:1].isalnum() else ("", "")
    places = [m.start() + 1 for m in re.finditer(edges[0] + re.escape(word) + edges[1], row)]
    if places:
        return min(places, key=lambda place: abs(place - near))
    return len(row) - len(row.lstrip()) + 1
