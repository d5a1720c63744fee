"""Put rendered formulas where `pymdownx.arithmatex` (generic) left its marks."""

import html
import re

from vaultkit.site.draft import Formula
from vaultkit.site.katex import Renderer

_MARK = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">(?:\\|&#92;)(?P<open>[(\[])(?P<tex>.*?)'
    r"(?:\\|&#92;)[)\]]</(?P=tag)>"
    r"(?P<after>[，。；：、！？）」』”’,.;:!?)]*)",
    re.DOTALL,
)
_BARE = re.compile(r"\\(?P<open>\()(?P<tex>.*?)\\\)", re.DOTALL)  # in the contents list, where tags are gone
_SOURCE = re.compile(r"<semantics>(.*)<annotation\b.*</semantics>", re.DOTALL)


class MissingFormula(LookupError):
    """A formula that staging did not find, so that it was never rendered."""


def put_formulas(text: str, renderer: Renderer, *, small: bool = False) -> str:
    """`text` (HTML) with each formula replaced by its rendering; raises MissingFormula. small: by MathML
    alone, which browsers draw themselves, without KaTeX's own drawing.
    """
    if not any(mark in text for mark in ("\\(", "\\[", "&#92;[")):
        return text

    def put(found: re.Match[str]) -> str:
        formula = Formula(html.unescape(found["tex"]).strip(), found["open"] == "[", 0)
        rendered = renderer.get(formula)
        if rendered is None:
            raise MissingFormula(formula.tex)
        after = found.groupdict().get("after")
        if small:
            return _math(rendered) + (after or "")
        if after and not formula.display:  # no line may begin with the punctuation after a formula
            return f'<span class="k-nowrap">{rendered}{after}</span>'
        return rendered + (after or "")

    marked = _MARK.sub(put, text)
    return marked if "<" in text else _BARE.sub(put, marked)


def _math(rendered: str) -> str:
    """The MathML that KaTeX's HTML holds for those who cannot see it, without the source in it; of a formula
    that KaTeX cannot read, its source.
    """
    if "<math" not in rendered:
        return rendered
    start, end = rendered.index("<math"), rendered.index("</math>") + len("</math>")
    return _SOURCE.sub(r"\1", rendered[start:end])
