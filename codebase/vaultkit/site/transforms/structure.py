"""Make Python-Markdown see the blocks that CommonMark (and so Obsidian) sees.

Python-Markdown wants nested list content indented by four columns per level, a blank line before a list or a
table that follows a paragraph, and joins neighbouring lists that differ only in their marker. The text is
parsed with markdown-it for its block structure, and written again, level by level, for Python-Markdown.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable("table")
_PARSER.core.ruler.enableOnly(["normalize", "block"])
_LISTS = frozenset({"bullet_list_open", "ordered_list_open"})
_MARKER = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])([ \t]*)")
_QUOTE = re.compile(r"[ \t]{0,3}>[ ]?")
_ALONE = re.compile(r"`{3}|~{3}|(?:-|\d+\.) +$")  # a fence, or the marker before one
MAX_DEPTH = 12


def structure(text: str) -> str:
    """`text` with its lists, quotes and tables laid out for Python-Markdown; idempotent."""
    return "\n".join(_blocks(text.split("\n"), 0)).strip("\n") + "\n"


def _top_level(lines: list[str]) -> Iterator[tuple[Token, int, list[Token]]]:
    """(token, end line, tokens inside) of each top-level block that has lines."""
    tokens = _PARSER.parse("\n".join(lines))
    index = 0
    while index < len(tokens):
        token, start = tokens[index], index
        if token.nesting == 1:
            while not (tokens[index].nesting == -1 and tokens[index].level == token.level):
                index += 1
        index += 1
        if token.map:
            yield token, token.map[1], tokens[start + 1 : index - 1]


def _blocks(lines: list[str], depth: int, *, tight: bool = False) -> list[str]:
    """The lines of one container, laid out; a `tight` list item gets no blank line before a nested list."""
    if depth > MAX_DEPTH:
        return lines
    result: list[str] = []
    position = 0
    before: Token | None = None
    for token, end, inner in _top_level(lines):
        assert token.map is not None
        start = token.map[0]
        result += lines[position:start]
        result += _separator(before, token, result, tight=tight)
        block = lines[start:end]
        while block and not block[-1].strip():
            block.pop()
            end -= 1
        result += _layout(token, block, start, inner, depth)
        position, before = end, token
    return result + lines[position:]


def _separator(before: Token | None, token: Token, result: list[str], *, tight: bool) -> list[str]:
    """What to put between two blocks: nothing, a blank line, or a comment that keeps two lists apart."""
    if before is None or not result:
        return []
    if before.type in _LISTS and token.type in _LISTS:
        return ["", "<!-- -->", ""]
    if not result[-1].strip() or (before.type == "fence" and token.type == "fence"):
        return []
    return [] if tight and token.type in _LISTS else [""]


def _layout(token: Token, block: list[str], start: int, inner: list[Token], depth: int) -> list[str]:
    if token.type in _LISTS:
        return _list(token, block, start, inner, depth)
    if token.type == "blockquote_open":
        content = [_QUOTE.sub("", line, count=1) for line in block]
        return [f"> {line}".rstrip() for line in _blocks(content, depth + 1)]
    if token.type == "fence" and token.map:
        indent = len(block[0]) - len(block[0].lstrip(" "))
        return [re.sub(rf"^ {{0,{indent}}}", "", line) for line in block] if indent else block
    return block


def _list(token: Token, block: list[str], start: int, inner: list[Token], depth: int) -> list[str]:
    """A list's items, content at four columns; numbers end in a full stop."""
    items = [t for t in inner if t.type == "list_item_open" and t.level == token.level + 1]
    tight = any(t.hidden for t in inner if t.type == "paragraph_open" and t.level == token.level + 2)
    result: list[str] = []
    for item in items:
        assert item.map is not None
        lines = block[item.map[0] - start : item.map[1] - start]
        result += _item(lines, depth, tight=tight)
    return result


def _item(lines: list[str], depth: int, *, tight: bool) -> list[str]:
    found = _MARKER.match(lines[0])
    assert found is not None
    rest = lines[0][found.end() :]
    spaces = len(found[3].expandtabs(4))
    width = len(found[1]) + len(found[2]) + (spaces if 1 <= spaces <= 4 and rest.strip() else 1)
    content = [rest if spaces <= 4 else " " * (spaces - 1) + rest]
    content += [_dedent(line, width) for line in lines[1:]]
    marker = "-" if found[2] in "-*+" else found[2][:-1] + "."
    laid_out = _blocks(content, depth + 1, tight=tight)
    if laid_out and _ALONE.match(laid_out[0]):  # not read on the marker's own line
        laid_out.insert(0, "")
    head = f"{marker:<4}" + (laid_out[0] if laid_out else "")
    if not laid_out or not laid_out[0]:
        return [head, *(f"    {line}" if line.strip() else "" for line in laid_out[1:])]
    return [head.rstrip(), *(f"    {line}".rstrip() if line.strip() else "" for line in laid_out[1:])]


def _dedent(line: str, width: int) -> str:
    """Take up to `width` columns of indent away (fewer on a lazily continued line)."""
    expanded = line[: len(line) - len(line.lstrip())].expandtabs(4)
    return expanded[min(width, len(expanded)) :] + line.lstrip()
