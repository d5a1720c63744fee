"""A note on its way to the site: lines with their kind, and a stash that keeps code and math out of reach.

Inline code and formulas are replaced by placeholders (private-use characters), so a transform may rewrite the
text of a line without looking inside them; `text_of` puts them back.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from vaultkit.inline import spans

Kind = Literal["blank", "text", "fence", "code", "indented", "math", "html", "control"]

_PLACEHOLDER = re.compile("\ue000(\\d{1,9})\ue001")
_TAG_LIKE = re.compile(r"<(?=[A-Za-z/!?])")  # `a<b` in a formula must not look like HTML
_TEX_COMMENT = re.compile(r"(?<!\\)%.*")


@dataclass(slots=True)
class Line:
    """One line: `prefix` holds container marks and indent, `number` is its 1-based line in the note."""

    number: int
    kind: Kind
    prefix: str
    content: str

    @property
    def text(self) -> str:
        return self.prefix + self.content

    @property
    def indent(self) -> str:
        """The prefix with list markers blanked: what a further line of the same container starts with."""
        return re.sub(r"[^\s>]", " ", self.prefix)

    def new(self, content: str, kind: Kind = "text") -> "Line":
        """A further line of the same container."""
        return replace(self, prefix=self.indent, content=content, kind=kind)

    def blank(self) -> "Line":
        return replace(self, prefix=self.indent.rstrip(), content="", kind="blank")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula: TeX without its dollars; `line` is where it starts."""

    tex: str
    display: bool
    line: int


@dataclass(slots=True)
class Stash:
    """What the placeholders of one page stand for; `whole` are blocks of HTML that nobody need read again."""

    items: list[str] = field(default_factory=list)
    formulas: dict[int, Formula] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)

    def put(self, text: str) -> str:
        self.items.append(text)
        return f"\ue000{len(self.items) - 1}\ue001"

    def put_whole(self, html: str) -> str:
        """Stash a line of our own HTML that is a block of its own at the top of a page."""
        placeholder = self.put(html)
        self.whole.add(len(self.items) - 1)
        return placeholder

    def put_math(self, text: str, line: int) -> str:
        """Stash `$…$` or `$$…$$`; line breaks inside are only spaces to TeX."""
        display = text.startswith("$$")
        mark = "$$" if display else "$"
        lines = [_TEX_COMMENT.sub("", part).strip() for part in text[len(mark) : -len(mark)].split("\n")]
        tex = _TAG_LIKE.sub("< ", " ".join(part for part in lines if part))
        placeholder = self.put(f"{mark}{tex}{mark}")
        self.formulas[len(self.items) - 1] = Formula(tex, display, line)
        return placeholder

    def restore(self, text: str, *, math: bool = True) -> str:
        """`text` with its placeholders replaced; with `math=False` formulas and whole blocks stay stashed."""

        def back(found: re.Match[str]) -> str:
            index = int(found[1])
            if index >= len(self.items):  # the author's own private-use characters
                return found[0]
            stays = not math and (index in self.formulas or index in self.whole)
            return found[0] if stays else self.items[index]

        return _PLACEHOLDER.sub(back, text)

    def inline_display(self, placeholder: str) -> str:
        """A placeholder for the same display formula as an element inside a paragraph."""
        formula = self.formulas[int(placeholder[1:-1])]
        tex = "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in formula.tex)
        shown = self.put(f'<span class="arithmatex">&#92;[{tex}&#92;]</span>')
        self.formulas[len(self.items) - 1] = formula
        return shown

    def display_math(self, text: str) -> bool:
        """True if `text` is nothing but one display formula."""
        found = _PLACEHOLDER.fullmatch(text.strip())
        formula = self.formulas.get(int(found[1])) if found else None
        return bool(formula and formula.display)


def text_of(lines: list[Line], stash: Stash) -> str:
    """The lines as Markdown again."""
    return "".join(stash.restore(line.text).rstrip("\n") + "\n" for line in lines)


def formulas_in(markdown: str) -> list[Formula]:
    """Formulas of Markdown that the site itself wrote, such as quoted sentences; their line is 0."""
    stash = Stash()
    for span in spans(markdown) if "$" in markdown else ():
        if span.kind == "math":
            stash.put_math(markdown[span.start : span.end], 0)
    return list(stash.formulas.values())
