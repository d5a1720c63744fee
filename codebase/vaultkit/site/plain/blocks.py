"""The blocks of a text, as CommonMark, GFM and Obsidian's callouts and footnotes have them."""

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from vaultkit.site.plain.bounded import bounded_plugin
from vaultkit.site.plain.mark import mark_plugin
from vaultkit.site.plain.quick_lines import quick_lines_plugin

MAX_NESTING = 40  # containers within containers; what is deeper is shown as its source
_CALLOUT = re.compile(
    r"[ \t]*\[!(?P<type>[^\]\n|]+)(?:\|(?P<metadata>[^\]\n]*))?\](?P<fold>[+-]?)"
    r"[ \t]*(?P<title>[^\n]*)(?:\n|$)"
)
_TASK = re.compile(r"\[(?P<mark>[^\n\]](?=\][ \t]+\S)|[ xX](?=\][ \t]*\Z))\][ \t]*")
_LIKE_TASK = re.compile(r"\[[ xX]\](?:\s|$)")
BRACKET = "\ue003"  # a `[` that opens no box although the site's Markdown would see one
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:")


class Callout(NamedTuple):
    """The head of a callout; `fold` is `+` open, `-` closed or "" for none."""

    type: str
    metadata: str
    fold: str
    title: list[Token]


@dataclass(slots=True)
class Block:
    """One block: markdown-it's name of it, its opening token, and the blocks or the text inside."""

    kind: str
    token: Token
    children: list["Block"] = field(default_factory=list)
    inline: list[Token] = field(default_factory=list)
    callout: Callout | None = None
    task: str = ""  # the mark of a task's box, on its list item

    @property
    def is_list(self) -> bool:
        return self.kind in ("bullet_list", "ordered_list")

    @property
    def tight(self) -> bool:
        """True for the text of a tight list's item, which stands in no paragraph."""
        return self.kind == "paragraph" and self.token.hidden


@dataclass(slots=True)
class Document:
    """`footnotes` are the definitions by label, `references` those of links, both hoisted out of the text."""

    blocks: list[Block]
    footnotes: dict[str, list[Block]]
    references: dict[str, dict[str, str]]
    notes: list[tuple[str, list[Token]]]  # in order of their numbers: a label, or the text of `^[…]`


def make_parser() -> MarkdownIt:
    """CommonMark with tables, strike-through and footnotes; addresses are left as they were written."""
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin, inline=True, move_to_end=False)
    parser.use(mark_plugin)
    parser.use(bounded_plugin)
    parser.use(quick_lines_plugin)
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return parser


_PARSER = make_parser()


def parse(text: str) -> Document:
    """The blocks of `text`; link references and footnotes stand apart from them."""
    env: dict[str, Any] = {}
    source = indent_footnotes(text)
    tokens = _PARSER.parse(source, env)
    tree = _Tree(source, env)
    blocks = tree.nest(tokens)
    notes = [note for _, note in sorted(env.get("footnotes", {}).get("list", {}).items())]
    cited = {note["label"]: None for note in notes if "label" in note}
    labels = [*cited, *(label for label in tree.footnotes if label not in cited)]
    return Document(
        blocks,
        {
            label: tree.footnotes[label]
            for label in labels
            if label in tree.footnotes and (label in cited or _has_code(tree.footnotes[label]))
        },
        env.get("references", {}),
        [(note.get("label", ""), note.get("tokens") or []) for note in notes],
    )


def _has_code(blocks: list[Block]) -> bool:
    return any(block.kind == "fence" or _has_code(block.children) for block in blocks)


class _Tree:
    """Nests a flat list of tokens."""

    def __init__(self, source: str, env: dict[str, Any]) -> None:
        self.lines = source.split("\n")
        self.env = env
        self.footnotes: dict[str, list[Block]] = {}

    def nest(self, tokens: list[Token]) -> list[Block]:
        root: list[Block] = []
        stack = [root]
        opened: list[Block] = []
        for token in tokens:
            if token.nesting == -1:
                stack.pop()
                self._close(opened.pop())
            elif token.type == "inline":
                opened[-1].inline = [t for t in token.children or [] if t.content or t.type != "text"]
                opened[-1].token.content = token.content
            else:
                block = Block(token.type.removesuffix("_open"), token)
                if block.kind != "footnote_reference":
                    stack[-1].append(block)
                if token.nesting == 1:
                    stack.append(block.children)
                    opened.append(block)
        return root

    def _close(self, block: Block) -> None:
        """A block is complete: is it more than CommonMark sees?"""
        if block.kind == "footnote_reference":
            self.footnotes.setdefault(block.token.meta["label"], block.children)
        elif not block.children and block.token.level >= MAX_NESTING - 2 and block.token.map:
            first, end = block.token.map
            text = "\n".join(line.lstrip(" >\t") for line in self.lines[first:end])
            block.children.append(Block("code_block", Token("code_block", "code", 0, content=text)))
        first_child = block.children[0] if block.children else None
        if first_child is None or first_child.kind != "paragraph":
            return
        text = first_child.token.content
        if block.kind == "blockquote" and (head := _CALLOUT.match(text)):
            title = self._inline(head["title"].strip())
            block.callout = Callout(head["type"].strip(), head["metadata"] or "", head["fold"], title)
            self._cut(block, text[head.end() :])
        elif block.kind == "list_item" and (box := _TASK.match(text)):
            block.task = box["mark"]
            first_child.inline = self._inline(text[box.end() :])
        elif block.kind == "list_item" and _LIKE_TASK.match(text) and first_child.inline:
            first_child.inline[0].content = BRACKET + text[1:3] + first_child.inline[0].content[3:]

    def _cut(self, block: Block, rest: str) -> None:
        if rest.strip():
            block.children[0].token.content = rest
            block.children[0].inline = self._inline(rest)
        else:
            block.children.pop(0)

    def _inline(self, text: str) -> list[Token]:
        children = _PARSER.parseInline(text, self.env)[0].children or []
        return [token for token in children if token.content or token.type != "text"]


def indent_footnotes(text: str) -> str:
    """Footnote continuations, which Obsidian takes from two spaces on, at the four that the parser wants."""
    if "[^" not in text:
        return text
    lines = text.split("\n")
    inside = False
    for index, line in enumerate(lines):
        if _FOOTNOTE.match(line):
            inside = True
        elif inside and line.strip():
            indent = len(line) - len(line.lstrip(" "))
            if indent in (2, 3):
                lines[index] = " " * (4 - indent) + line
            inside = indent >= 2 or bool(lines[index - 1].strip())
    return "\n".join(lines)
