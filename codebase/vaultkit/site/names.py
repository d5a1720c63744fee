"""Names of the engine in Python blocks of a finished page become links to their entry in the API reference.

Only exact identifiers are linked that the block, or an earlier one of the page, imported from the engine. The
links stand inside the highlighted code, so its text, and what the copy button copies, stays as it was.
"""

import ast
import html
import re
from collections.abc import Mapping
from itertools import accumulate

from vaultkit.api.uses import Use, uses

_BLOCK = re.compile(
    r'(?P<start><div class="(?P<classes>[^"]*\blanguage-python\b[^"]*)">.*?<code[^>]*>)'
    r"(?P<code>.*?)(?P<end></code></pre>)",
    re.DOTALL,
)
_TAG = re.compile(r"(<[^>]*>)")


def link_names(
    text: str, addresses: Mapping[str, str], up: str, package: str, types: Mapping[str, str] | None = None
) -> str:
    """`text` (HTML of a page) with links; `up` leads from the page to the root of its language. `types` are
    the classes that signatures speak of, by word.
    """
    bound: dict[str, str] = {}

    def put(found: re.Match[str]) -> str:
        code = html.unescape(_TAG.sub("", found["code"]))
        starts = [0, *accumulate(len(line) + 1 for line in code.split("\n"))]
        links: dict[int, tuple[str, str]] = {}
        signature = "k-signature" in found["classes"]
        for use in _types(code, types or {}) if signature else uses(code, bound, package):
            if address := addresses.get(use.path):
                links[starts[use.line - 1] + use.column] = (use.text, up + address)
        return found["start"] + (_linked(found["code"], links) if links else found["code"]) + found["end"]

    return _BLOCK.sub(put, text) if package in text else text


def _linked(code: str, links: Mapping[int, tuple[str, str]]) -> str:
    """Put links at offsets of the plain text; one whose text does not stand there in one piece is left out.

    The first link to each entry can be reached by keyboard; the rest are for the pointer.
    """
    parts: list[str] = []
    offset = 0
    seen: set[str] = set()
    for part in _TAG.split(code):
        if part.startswith("<"):
            parts.append(part)
            continue
        plain = html.unescape(part)
        position = 0
        for start in sorted(key for key in links if offset <= key < offset + len(plain)):
            name, address = links[start]
            begin = start - offset
            if not plain.startswith(name, begin):
                continue
            order = ' tabindex="-1"' if address in seen else ""
            seen.add(address)
            link = f'<a class="k-api" href="{html.escape(address)}"{order}>{name}</a>'
            parts += [html.escape(plain[position:begin], quote=False), link]
            position = begin + len(name)
        parts.append(html.escape(plain[position:], quote=False) if position else part)
        offset += len(plain)
    return "".join(parts)


def number_lines(text: str) -> str:
    """`text` (HTML) with an anchor for each line of the code that is marked `k-lines`."""

    def put(found: re.Match[str]) -> str:
        if "k-lines" not in found["classes"]:
            return found[0]
        rows = found["code"].rstrip("\n").split("\n")
        lines = (f'<span class="k-line" id="L{number}">{row}\n</span>' for number, row in enumerate(rows, 1))
        return found["start"] + "".join(lines) + found["end"]

    return _BLOCK.sub(put, text) if "k-lines" in text else text


def _types(code: str, types: Mapping[str, str]) -> list[Use]:
    """The classes in the annotations of a signature."""
    plain = re.sub(r"^class (\w+)", r"def   \1", code.rstrip())
    try:
        tree = ast.parse(plain + ": ..." if plain.startswith(("def ", "async ")) else plain)
    except (SyntaxError, ValueError):
        return []
    found = []
    for node in ast.walk(tree):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            for name in ast.walk(annotation) if isinstance(annotation, ast.expr) else ():
                if isinstance(name, ast.Name) and name.id in types:
                    found.append(Use(types[name.id], name.lineno, name.col_offset, name.id, "annotation"))
    return found
