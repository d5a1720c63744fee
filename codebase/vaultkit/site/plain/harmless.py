"""Markdown of a note that the site takes over as it stands, such as a title or a claim: it runs nothing."""

import re

from vaultkit import mdlink
from vaultkit.inline import spans
from vaultkit.site.plain.allowed import safe_address
from vaultkit.site.plain.tags import inline_tag

_LIKE_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def harmless(text: str) -> str:
    """`text` (one line) with its HTML cleaned and links that would run reduced to their words."""
    if "<" in text:
        parts: list[str] = []
        position = 0
        for span in spans(text):
            source = text[span.start : span.end]
            parts += [_escaped(text[position : span.start]), source]
            position = span.end
            if span.kind in ("tag", "html"):
                name = source.partition(" ")[0]
                address = ":" in name or "@" in name  # <https://…>
                parts[-1] = source if address and safe_address(source[1:-1]) else inline_tag(source)
        text = "".join([*parts, _escaped(text[position:])])
    if "](" in text:
        for found in mdlink.find(text):
            if not safe_address(found.destination):
                text = text.replace(found.raw, found.display)
    return text


def _escaped(text: str) -> str:
    """What is no tag of CommonMark's, but might be taken for one."""
    return _LIKE_TAG.sub("&lt;", text)
