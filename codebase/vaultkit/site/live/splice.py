"""A page of which only what stands around its text is another: its new parts in the place of the old ones.

Most pages that an edit touches show no more of it than a title or a sentence under their own title or at
their foot, in HTML that no Markdown is near. What is in doubt is left to be rendered.
"""

from collections.abc import Mapping
from typing import Any

from vaultkit.site.formulas import MissingFormula
from vaultkit.site.html.finish import finish, fonts_in, has_terms, libraries_in
from vaultkit.site.html.source import Source


def spliced(shown: str, old: Source, new: Source, url: str, extra: Mapping[str, Any]) -> str | None:
    """The page at `url`, which is `shown` as it was made from `old`, as it is made from `new`; None unless
    all that differs stands once in it.
    """
    if old.markdown != new.markdown or _said(old) != _said(new):
        return None
    k = new.meta.get("k", {})
    for was, now, below in ((old.head, new.head, False), (old.below, new.below, True)):
        if was == now:
            continue
        if not was or not now or (has_terms(k, extra) and any(map(extra["k_terms"].concerns, (was, now)))):
            return None
        try:
            was, now = (finish("", part, url, k, extra) if below else finish(part, "", url, k, extra)
                        for part in (was, now))  # fmt: skip
        except MissingFormula:
            return None
        if shown.count(was) != 1 or _needs(was) != _needs(now):
            return None
        shown = shown.replace(was, now)
    return shown


def _said(source: Source) -> dict[str, Any]:
    """The front matter but for how long these parts are."""
    k = {name: value for name, value in source.meta.get("k", {}).items() if name not in ("head", "below")}
    return source.meta | {"k": k}


def _needs(html: str) -> tuple[set[str], list[str]]:
    return libraries_in(html), fonts_in(html)
