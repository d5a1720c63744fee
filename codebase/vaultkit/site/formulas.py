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


class MissingFormula(LookupError):
    """A formula that staging did not find, so that it was never rendered."""


def put_formulas(text: str, renderer: Renderer) -> str:
    """`text` (HTML) with each formula replaced by its rendering; raises MissingFormula."""
    if not any(mark in text for mark in ("\\(", "\\[", "&#92;[")):
        return text

    def put(found: re.Match[str]) -> str:
        formula = Formula(html.unescape(found["tex"]).strip(), found["open"] == "[", 0)
        rendered = renderer.get(formula)
        if rendered is None:
            raise MissingFormula(formula.tex)
        after = found.groupdict().get("after")
        if after and not formula.display:  # no line may begin with the punctuation after a formula
            return f'<span class="k-nowrap">{rendered}{after}</span>'
        return rendered + (after or "")

    marked = _MARK.sub(put, text)
    return marked if "<" in text else _BARE.sub(put, marked)
