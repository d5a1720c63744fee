"""The blocks that Obsidian shows of a note, from the note's own text: CommonMark, GFM, Obsidian's own.

Shares with the site only the scanner's word on where properties and comments stand.
"""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from vaultkit.note import Note
from vaultkit.site.plain.bounded import bounded_plugin
from vaultkit.structure_tree import Node, tree

_CALLOUT = re.compile(r"\[!([^\]\n|]+)(?:\|[^\]\n]*)?\]([+-]?)([^\n]*)(?:\n|$)")
_TASK = re.compile(r"\[([^\]\n](?=\][ \t]+\S)|[ xX](?=\][ \t]*\Z))\]")
_BLOCK_ID = re.compile(r"[ \t]*\^[A-Za-z0-9-]+[ \t]*")
_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:")


def expected(note: Note) -> Node:
    """The tree of what Obsidian shows; a first-level heading on top is the page's title, and left out."""
    numbers, lines = _visible(note)
    parser = _parser()
    env: dict[str, object] = {}
    tokens = parser.parse("\n".join(_footnotes(lines)) + "\n", env)
    _mark(tokens, numbers, parser, env)
    root = tree(str(parser.renderer.render(tokens, parser.options, env)))
    tops = {heading.line for heading in note.headings if heading.level == 1}
    if root.children and root.children[0].name == "h1" and root.children[0].line in tops:
        del root.children[0]
    return root


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin)
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    parser.use(bounded_plugin)
    parser.add_render_rule("math_block", lambda *_: '<div class="math"></div>\n')
    parser.add_render_rule(
        "html_block", lambda _, tokens, index, *rest: _SCRIPT.sub("", tokens[index].content)
    )
    return parser


def _visible(note: Note) -> tuple[list[int], list[str]]:
    """(line numbers, lines) without properties and comments; a block id alone on its line is an empty one."""
    scan, ids = note.scan, set(note.blocks.values())
    cuts: dict[int, list[tuple[int, int]]] = {}
    for comment in scan.comments:
        for number in range(comment.line, comment.end_line + 1):
            start = comment.column if number == comment.line else 0
            end = comment.end_column if number == comment.end_line else 1 << 30
            cuts.setdefault(number, []).append((start, end))
    numbers: list[int] = []
    lines: list[str] = []
    for number, line in enumerate(scan.lines[scan.front_end :], scan.front_end + 1):
        shown = line
        for start, end in sorted(cuts.get(number, []), reverse=True):
            shown = shown[:start] + shown[end:]
        if shown != line and not shown.strip(" \t>"):
            continue
        if number in ids and _BLOCK_ID.fullmatch(shown):
            shown = ""
        numbers.append(number)
        lines.append(shown.replace("\0", "\ufffd"))
    return numbers, lines


def _footnotes(lines: list[str]) -> list[str]:
    """A footnote goes on where a line is indented by two spaces; the parser wants four."""
    result: list[str] = []
    inside = False
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if _FOOTNOTE.match(line):
            inside = True
        elif line.strip() and inside:
            inside = indent >= 2 or bool(result and result[-1].strip())
        result.append(" " * (4 - indent) + line if inside and indent in (2, 3) else line)
    return result


def _mark(tokens: list[Token], numbers: list[int], parser: MarkdownIt, env: dict[str, object]) -> None:
    """Lines for the report; callouts and tasks as the elements they are shown as."""
    quotes: list[Token] = []
    for index, token in enumerate(tokens):
        if token.map and token.map[0] < len(numbers) and token.nesting >= 0:
            token.attrSet("data-line", str(numbers[token.map[0]]))
        if token.type == "blockquote_open":
            quotes.append(token)
            if index + 2 < len(tokens) and tokens[index + 2].type == "inline":
                _callout(token, tokens, index, parser, env)
        elif token.type == "blockquote_close":
            token.tag = quotes.pop().tag
        elif token.type == "list_item_open" and [t.type for t in tokens[index + 1 : index + 3]] == [
            "paragraph_open", "inline",
        ]:  # fmt: skip
            _task(tokens[index + 2])


def _callout(
    quote: Token, tokens: list[Token], index: int, parser: MarkdownIt, env: dict[str, object]
) -> None:
    inline = tokens[index + 2]
    head = _CALLOUT.match(inline.content)
    if tokens[index + 1].type != "paragraph_open" or not head:
        return
    quote.tag = "details" if head[2] else "div"
    quote.attrSet("class", "admonition")
    title = Token("html_inline", "", 0, content='<p class="admonition-title">x</p>')
    rest = inline.content[head.end() :]
    children = parser.parseInline(rest, env)[0].children or [] if rest.strip() else []
    if quote.tag == "details":
        title.content = "<summary>x</summary>"
    paragraph = [Token("html_inline", "", 0, content="<p>"), *children] if children else []
    inline.children = [title, *paragraph]
    tokens[index + 1].hidden = True  # the paragraph's own tag stands before the title


def _task(inline: Token) -> None:
    box = _TASK.match(inline.content)
    if box and inline.children:
        checked = "" if box[1] == " " else " checked"
        inline.children.insert(0, Token("html_inline", "", 0, content=f'<input type="checkbox"{checked}>'))
