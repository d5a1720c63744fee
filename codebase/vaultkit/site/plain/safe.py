"""Which blocks Python-Markdown reads right when they are written as plain Markdown."""

import re
from itertools import pairwise

from vaultkit.site.plain.blocks import Block
from vaultkit.site.plain.bounded import is_heavy

_TYPE = re.compile(r"[a-z][a-z-]*")
_BOXES = ("", " ", "x")


def is_safe(block: Block) -> bool:
    """True for lists and quotes of the simple shapes; every other one is written as HTML."""
    if block.is_list:
        return block.token.attrs.get("start", 1) == 1 and (_tight(block) or _loose(block))
    if block.kind == "blockquote":
        return _quote(block)
    if block.kind == "table":
        return sum(len(part.children) for part in block.children) > 1
    return block.kind in ("paragraph", "heading", "fence", "code_block") and not _is_empty(block)


def safe_item(item: Block) -> bool:
    """True for a list item of nothing but its line of text."""
    return not item.children or (len(item.children) == 1 and item.children[0].tight)


def _tight(block: Block) -> bool:
    return all(
        item.task in _BOXES
        and 1 <= len(item.children) <= 2
        and item.children[0].tight
        and not _is_empty(item.children[0])
        and (not item.task or item.children[0].inline)
        and all(child.is_list and is_safe(child) and _tight(child) for child in item.children[1:])
        for item in block.children
    )


def _loose(block: Block) -> bool:
    return len(block.children) > 1 and all(
        not item.task
        and len(item.children) == 1
        and item.children[0].kind == "paragraph"
        and not item.children[0].tight
        and not _is_empty(item.children[0])
        for item in block.children
    )


def _quote(block: Block) -> bool:
    if block.callout:
        head = block.callout
        if head.metadata or not head.title or not _TYPE.fullmatch(head.type.lower()):
            return False
    elif not block.children:
        return False
    if not all(is_safe(child) for child in block.children):
        return False
    kinds = [("list" if child.is_list else child.kind) for child in block.children]
    return not any(first == second and first in ("list", "blockquote") for first, second in pairwise(kinds))


def _is_empty(block: Block) -> bool:
    """True for text that has to be written as HTML: none, or too much of it."""
    text = block.token.content
    return block.kind in ("paragraph", "heading") and (not text.strip() or is_heavy(text))
