"""The last work on a page's HTML, when Markdown has been read: formulas, names, terms, safety."""

import re
from collections.abc import Mapping
from typing import Any

from vaultkit.site.assets import LIBRARIES
from vaultkit.site.formulas import put_formulas
from vaultkit.site.names import link_names, number_lines
from vaultkit.site.permalinks import name_blocks
from vaultkit.site.safety import secure

_LATIN_EMPHASIS = re.compile(r"<em>([\x20-\u024f]*)</em>")  # italics for Latin words, dots only below Chinese
_PROSE = frozenset({"concept", "model", "paper", "comparison", "debugging", "lab"})  # kinds
# Fonts of formulas, by what on a page uses them: asked for at once, so that formulas are laid out once.
_FONTS = {"KaTeX_Main-Regular": '<span class="mord">', "KaTeX_Math-Italic": '<span class="mord mathnormal'}
_FOLD = re.compile(r"<details(?![^>]*\bopen\b).*?</details>", re.DOTALL)


def finish(html: str, below: str, url: str, k: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """The content of the page at `url`: `html` with what stands below it; `k` is what staging says of the
    page, `extra` what the site knows. Raises MissingFormula.
    """
    renderer = extra["k_renderer"]
    html = put_formulas(html, renderer) + put_formulas(below, renderer, small=True)
    if extra["k_lang"] == "zh":
        html = _LATIN_EMPHASIS.sub(r'<em lang="en">\1</em>', html)
    html = link_names(
        html, extra["k_addresses"], "../" * url.count("/"), extra["k_package"], extra["k_types"]
    )
    html = name_blocks(number_lines(html))
    if has_terms(k, extra):
        html = extra["k_terms"].mark(html)
    words = extra["k_ui"]["permalink"]
    return secure(html.replace('title="Permanent link"', f'title="{words}"'))


def has_terms(k: Mapping[str, Any], extra: Mapping[str, Any]) -> bool:
    """True if terms are marked on the page."""
    return k.get("kind") in _PROSE and k.get("lang") == extra["k_lang"]


def libraries_in(html: str) -> set[str]:
    """The libraries that HTML needs."""
    return {name for name, mark in LIBRARIES.items() if mark in html}


def fonts_in(html: str) -> list[str]:
    """The fonts that HTML shows before anything is unfolded."""
    return [font for font, mark in _FONTS.items() if mark in _FOLD.sub("", html)]
