"""Nodes of the radix tree and how to print them."""

from collections.abc import Callable, Iterator
from typing import Any

Decode = Callable[[list[int]], str]
Outline = tuple[str, str, int, list[Any]]


class RadixNode:
    """A run of tokens below its parent, and the slot of each. A handle for callers, who only read it."""

    __slots__ = ("children", "held", "last_used", "lock_count", "parent", "slots", "tokens")

    def __init__(self, tokens: tuple[int, ...], slots: tuple[int, ...], parent: "RadixNode | None") -> None:
        self.tokens = tokens
        self.slots = slots
        self.parent = parent
        self.children: dict[int, RadixNode] = {}  # first token of the child's run -> child
        self.held = 0  # locks taken on this very node
        self.lock_count = 0  # locks taken on this node or below it
        self.last_used = 0

    def path(self) -> "Iterator[RadixNode]":
        """This node, its parent, and so on up to the root."""
        node: RadixNode | None = self
        while node is not None:
            yield node
            node = node.parent

    def path_slots(self) -> list[int]:
        """Slots of the whole prefix that ends with this node, in token order."""
        runs = [node.slots for node in self.path()]
        return [slot for run in reversed(runs) for slot in run]


def format_tree(root: RadixNode, decode: Decode | None = None) -> str:
    """The tree as text, one node to a line, children in the order in which they came."""
    return "\n".join(["root", *_lines(root, "", decode)])


def outline(node: RadixNode, decode: Decode | None = None) -> Outline:
    """The tree below `node` as nested (label, kind, tokens, children), for `kvist.figures.tree`."""
    kind = "locked" if node.lock_count else "shared" if len(node.children) > 1 else "single"
    label = str(len(node.tokens)) if decode is None else decode(list(node.tokens))
    children = [outline(child, decode) for child in node.children.values()]
    return label, kind if node.tokens else "", len(node.tokens), children


def _lines(node: RadixNode, indent: str, decode: Decode | None) -> Iterator[str]:
    children = list(node.children.values())
    for child in children:
        last = child is children[-1]
        yield f"{indent}{'└─ ' if last else '├─ '}{_label(child, decode)}"
        yield from _lines(child, indent + ("   " if last else "│  "), decode)


def _label(node: RadixNode, decode: Decode | None) -> str:
    tokens = list(node.tokens)
    if decode is not None:
        text = repr(decode(tokens))
    elif len(tokens) > 6:
        text = f"[{tokens[0]} {tokens[1]} … {tokens[-1]}]"
    else:
        text = f"[{' '.join(map(str, tokens))}]"
    lock = f", locked {node.lock_count}×" if node.lock_count else ""
    return f"{text}  {len(tokens)} token{'s' if len(tokens) != 1 else ''}, used at {node.last_used}{lock}"
