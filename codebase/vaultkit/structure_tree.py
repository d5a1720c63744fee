"""HTML as a tree of its blocks, and the first place where two such trees differ."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_NAMES = "p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre table tr th td hr details summary dl dt dd"
_BLOCKS = frozenset(_NAMES.split())
_VOID = frozenset({"hr"})
_SCOPES = {"li": {"ul", "ol"}, "tr": {"table"}, "td": {"tr", "table"}, "th": {"tr", "table"},
           "dt": {"dl"}, "dd": {"dl"}}  # fmt: skip
_FURNITURE = frozenset(
    {"k-remark", "footnotes-sep"}
)  # what the site says about a block, not part of the note


@dataclass(slots=True)
class Node:
    """A block: `name` is its tag (`callout`, `title`, `checkbox x`, `ol 3` for what a tag does not tell)."""

    name: str
    line: int
    children: list["Node"] = field(default_factory=list)
    filled: bool = False  # holds text or an image

    def shape(self) -> tuple[object, ...]:
        return (self.name, *(child.shape() for child in self.children))

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
        """(names from the top down to it, its line) of every block below, in order."""
        for child in self.children:
            here = (*path, child.name)
            yield here, child.line
            yield from child.walk(here)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("note", 1)
        self.stack: list[tuple[str, Node]] = [("", self.root)]
        self.line = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if values.get("data-line", "").isdigit():
            self.line = int(values["data-line"])
        if tag == "input" and values.get("type") == "checkbox":
            self.stack[-1][1].children.append(
                Node("checkbox x" if "checked" in values else "checkbox", self.line)
            )
            self._fill()
        if tag in ("img", "video", "audio", "iframe", "svg"):
            self._fill()
        if tag not in _BLOCKS and tag not in ("div", "section"):
            return
        self._imply_end(tag)
        node = Node(_name(tag, values), self.line)
        self.stack[-1][1].children.append(node)
        if tag not in _VOID:
            self.stack.append((tag, node))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in ("div", "section", *_BLOCKS) and tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in [name for name, _ in self.stack[1:]]:
            while self.stack.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if data.strip(" \t\n\u200b\u200c\xa0"):
            self._fill()

    def _fill(self) -> None:
        for _, node in self.stack:
            node.filled = True

    def _imply_end(self, tag: str) -> None:
        """What HTML itself closes: a paragraph before a block, an item before the next one."""
        names = [name for name, _ in self.stack]
        if "p" in names and tag not in ("summary",):
            while self.stack.pop()[0] != "p":
                pass
            names = [name for name, _ in self.stack]
        scope = _SCOPES.get(tag)
        if scope is None:
            return
        same = {"td", "th"} if tag in ("td", "th") else {"dt", "dd"} if tag in ("dt", "dd") else {tag}
        for index in range(len(names) - 1, 0, -1):
            if names[index] in scope:
                return
            if names[index] in same:
                del self.stack[index:]
                return


def _name(tag: str, values: dict[str, str]) -> str:
    classes = set(values.get("class", "").split())
    if classes & _FURNITURE:
        return "furniture"
    if tag in ("div", "section"):
        if "admonition" in classes:
            return "callout"
        return "footnotes" if classes & {"footnote", "footnotes"} else "div"
    if tag == "p" and "admonition-title" in classes:
        return "title"
    if tag == "summary":
        return "title"
    start = values.get("start", "1")
    return f"ol {start}" if tag == "ol" and start != "1" else tag


def tree(html: str) -> Node:
    """The blocks of `html`, without what is only a wrapper and without paragraphs that show nothing."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    _simplify(builder.root)
    return builder.root


def _simplify(node: Node) -> None:
    kept: list[Node] = []
    for child in node.children:
        _simplify(child)
        if child.name == "div":
            kept += child.children
        elif child.name == "furniture" or (child.name == "p" and not child.filled):
            continue
        else:
            kept.append(child)
    node.children = kept
    if node.name == "footnotes":
        items = [item for child in kept if child.name.startswith("ol") for item in child.children]
        node.children = sorted(items, key=lambda item: repr(item.shape()))


@dataclass(frozen=True, slots=True)
class Difference:
    """The first block that differs, as the path of names that leads to it; "" where one tree has ended."""

    line: int
    expected: str
    got: str


def difference(expected: Node, got: Node) -> Difference | None:
    """The first difference in order of reading, None if the two trees are the same."""
    if expected.shape() == got.shape():
        return None
    wanted, found = list(expected.walk()), list(got.walk())
    line = 1
    for index in range(max(len(wanted), len(found))):
        left = wanted[index] if index < len(wanted) else ((), line)
        right = found[index] if index < len(found) else ((), line)
        line = left[1]
        if left[0] != right[0]:
            return Difference(line, " > ".join(left[0]), " > ".join(right[0]))
    return Difference(line, "another nesting", "another nesting")
