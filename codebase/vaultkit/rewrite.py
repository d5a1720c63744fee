"""Write a link anew with another target; everything else of it stays as its author wrote it."""

import re
from urllib.parse import quote

from vaultkit import mdlink
from vaultkit.links import Link

_PATH = re.compile(r"(!?\[\[)(\s*)([^|#]*?)(\s*)(?=#|\\?\||\]\]$)")
_PERCENT = re.compile(r"[%\\<>#\x00-\x20\x7f\u00a0\u2028\u2029]")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def rewritten(link: Link, linkpath: str, display: str = "", *, pipe: str = "|") -> str:
    """The link's text with the target `linkpath` (decoded; with `.md` or without as it is to be written).

    `display` is added to a wikilink that has no display text; `pipe` is `\\|` in a table.
    """
    if link.is_wikilink:
        new = _PATH.sub(lambda found: found[1] + found[2] + linkpath + found[4], link.raw, count=1)
        return f"{new[:-2]}{pipe}{display}]]" if display and not link.display else new
    found = _whole(link)
    if found is None:
        return link.raw
    path = found.destination.partition("#")[0]
    start = found.offset
    angle = link.raw[start - 1 : start] == "<"
    new = in_angles(linkpath) if angle else encoded(linkpath)
    return link.raw[:start] + new + link.raw[start + len(path) :]


def quoted(line: str, link: Link, new: str) -> str:
    """`new` as it must stand in place of `link` in `line`: an apostrophe is doubled between YAML's own."""
    inside = link.kind == "frontmatter" and line[: link.column].rstrip().endswith("'")
    return new.replace("'", "''") if inside and "'" in new and "'" not in link.raw else new


def _whole(link: Link) -> mdlink.Found | None:
    """The Markdown link that `raw` is; its text, with brackets in code perhaps, is of no concern here."""
    start = 2 if link.raw[0] == "!" else 1
    raw = link.raw[:start] + "-" * len(link.display) + link.raw[start + len(link.display) :]
    return next((found for found in mdlink.find(raw) if found.raw == raw), None)


def encoded(path: str) -> str:
    """A path as the destination of a Markdown link: spaces and what would end or change it in percent."""
    text = _PERCENT.sub(lambda char: quote(char.group(), safe=""), path)
    text = _ENTITY.sub("%26", text)
    if not _balanced(text):
        text = text.replace("(", "%28").replace(")", "%29")
    return text.replace(":", "%3A", 1) if mdlink.is_external(text) else text


def in_angles(path: str) -> str:
    """A path as a destination in angle brackets, where spaces may stand."""
    text = re.sub(r"[%\\<>#\n\r]", lambda char: quote(char.group(), safe=""), path)
    return _ENTITY.sub("%26", text)


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0 and text.count("(") <= 32
