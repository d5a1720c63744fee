"""Blocks written so that Python-Markdown reads what CommonMark reads: plain Markdown where that is safe."""

import html
from collections.abc import Iterator
from functools import lru_cache

from vaultkit.site.plain.blocks import BRACKET, Block, Document, parse
from vaultkit.site.plain.bounded import is_heavy
from vaultkit.site.plain.fence import code_lines, fence, split_code
from vaultkit.site.plain.guard import guard
from vaultkit.site.plain.inline import BRACE, Inline
from vaultkit.site.plain.raw_html import Elements
from vaultkit.site.plain.safe import is_safe, safe_item
from vaultkit.site.plain.simple import put_away, put_back, put_words_away, put_words_back

APART = ["<!-- -->", ""]  # keeps two lists apart that Python-Markdown would join
_BOX = (
    '<label class="task-list-control"><input type="checkbox" disabled{checked}>'
    '<span class="task-list-indicator"{mark}></span></label> '
)


def to_plain(text: str, *, strict_breaks: bool = True, hosts: bool = False) -> str:
    """`text` laid out for Python-Markdown. Without `strict_breaks` every line end shows as one; with `hosts`
    pictures of raw HTML may come from other hosts.
    """
    short, kept = put_away(text)
    bare, words = put_words_away(short)
    return put_back(put_words_back(_written(bare, strict_breaks=strict_breaks, hosts=hosts), words), kept)


@lru_cache(500)
def _written(text: str, *, strict_breaks: bool, hosts: bool) -> str:
    """Kept for the next edit, which most often changes a few paragraphs or the titles of links."""
    return written(text, strict_breaks=strict_breaks, hosts=hosts)


def written(text: str, *, strict_breaks: bool, hosts: bool) -> str:
    """The same, all of it by way of the parser."""
    return _Writer(parse(text), "\n" if strict_breaks else "  \n", hosts=hosts).document()


class _Writer:
    def __init__(self, document: Document, line_break: str, *, hosts: bool) -> None:
        self.source = document
        self.hosts = hosts
        self.inline = Inline(line_break, self._label, references=bool(document.references), hosts=hosts)

    def _label(self, number: int) -> str:
        return self.source.notes[number][0] or f"inline-{number + 1}"

    def document(self) -> str:
        lines = [*self.blocks(self.source.blocks), "", *self._footnotes(), *self._references()]
        return "\n".join(lines).strip("\n").replace(BRACE, "&#123;").replace(BRACKET, "&#91;") + "\n"

    def _footnotes(self) -> Iterator[str]:
        """Definitions in the order in which they are named, which gives them their numbers."""
        rest = dict(self.source.footnotes)
        for number, (label, tokens) in enumerate(self.source.notes):
            if not label:
                yield from self._footnote(
                    self._label(number), [guard(self.inline.write(tokens, one_line=True))]
                )
            elif label in rest:
                yield from self._footnote(label, self.blocks(rest.pop(label), nested=True))
        for label, blocks in rest.items():
            yield from self._footnote(label, self.blocks(blocks, nested=True))

    def _footnote(self, label: str, lines: list[str]) -> Iterator[str]:
        yield f"[^{label}]: {lines[0] if lines else ''}"
        yield from (f"    {line}" if line else "" for line in lines[1:])
        yield ""

    def _references(self) -> Iterator[str]:
        for label, link in self.source.references.items():
            title = f' "{html.escape(link["title"])}"' if link.get("title") else ""
            href = link["href"].replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
            if label and "[" not in label and "]" not in label and not label.startswith("^"):
                yield f"[{label}]: <{href}>{title}"

    # -- blocks; each is followed by a blank line --

    def blocks(self, blocks: list[Block], *, nested: bool = False) -> list[str]:
        """Lines of these blocks; `nested` where no HTML with Markdown inside can stand."""
        lines: list[str] = []
        elements = Elements(hosts=self.hosts)
        for index, block in enumerate(blocks):
            if block.kind == "html_block":
                lines += self._html(block.token.content, elements)
                continue
            if index and block.is_list and blocks[index - 1].is_list:
                lines += APART
            lines += [*self.block(block, nested=nested), ""]
        return lines[:-1] + elements.finish() if lines else elements.finish()

    def _html(self, source: str, elements: Elements) -> list[str]:
        """A block of raw HTML; Python inside, which the runner runs, is shown as code."""
        lines: list[str] = []
        for part, code in split_code(source):
            shown = fence(part, code) if code else elements.add(part)
            lines += [*shown, ""] if shown else []
        return lines

    def block(self, block: Block, *, nested: bool = False) -> list[str]:
        kind, token = block.kind, block.token
        if kind in ("paragraph", "heading") and is_heavy(token.content):
            tag = "div" if block.tight else token.tag
            return [f"<{tag}>", html.escape(token.content), f"</{tag}>"]
        if kind == "paragraph":
            if block.tight and not nested:
                return [f'<div markdown="span">{self.inline.write(block.inline)}</div>']
            return guard(self.inline.write(block.inline)).split("\n")
        if kind == "heading":
            return self._heading(block)
        if kind == "fence":
            return fence(token.content, token.info)
        if kind == "code_block":
            return fence(token.content)
        if kind == "hr":
            return ["---"]
        if kind == "table":
            return self._table(block)
        if block.is_list:
            return self._list(block) if nested or is_safe(block) else self._html_list(block)
        if kind == "blockquote":
            return self._quote(block) if nested or is_safe(block) else self._html_quote(block)
        return code_lines(token.content)

    def _heading(self, block: Block) -> list[str]:
        text = self.inline.write(block.inline, one_line=True)
        level = block.token.tag
        if not text.strip():
            return [f"<{level}></{level}>"]
        if text.endswith("#"):
            text = text[:-1] + "&#35;"
        return [f"{'#' * int(level[1])} {text}"]

    def _table(self, block: Block) -> list[str]:
        rows = [row for part in block.children for row in part.children]
        cells = [[self.inline.write(c.inline, table=True, one_line=True) for c in r.children] for r in rows]
        rules = [_RULES.get(str(cell.token.attrs.get("style", ""))[11:], "---") for cell in rows[0].children]
        if len(rows) < 2:
            return _bare_table(cells[0])
        return [_row(cells[0]), _row(rules), *(_row(row) for row in cells[1:])]

    # -- plain Markdown --

    def _list(self, block: Block) -> list[str]:
        lines: list[str] = []
        loose = not all(child.tight for item in block.children for child in item.children[:1])
        for number, item in enumerate(block.children, int(block.token.attrs.get("start", 1))):
            marker = "-" if block.kind == "bullet_list" else f"{number}."
            inner: list[str] = []
            for index, child in enumerate(item.children):
                inner += [""] if index and not (child.is_list and not loose) else []
                inner += self.block(child, nested=True)
            box = f"[{item.task}] " if item.task else ""
            first = box + (inner[0] if inner else "")
            lines += [f"{marker:<3} {first}".rstrip(" ") + ("  " if first.endswith("  ") else "")]
            lines += [f"    {line}" if line else "" for line in inner[1:]]
            lines += [""] if loose else []
        return lines[:-1] if loose else lines

    def _quote(self, block: Block) -> list[str]:
        lines = self.blocks(block.children, nested=True)
        if block.callout:
            head = f"[!{block.callout.type.lower()}]{block.callout.fold} {self._title(block)}".rstrip()
            lines = [head, *(["", *lines] if lines else [])]
        return [f"> {line}" if line else ">" for line in lines or [""]]

    def _title(self, block: Block) -> str:
        return self.inline.write(block.callout.title if block.callout else [], one_line=True)

    # -- HTML with Markdown inside --

    def _html_list(self, block: Block) -> list[str]:
        start = block.token.attrs.get("start")
        tag = "ul" if block.kind == "bullet_list" else "ol"
        attributes = f' start="{start}"' if start is not None and start != 1 else ""
        if any(item.task for item in block.children):
            attributes += ' class="task-list"'
        lines = [f'<{tag}{attributes} markdown="block">']
        for item in block.children:
            lines += self._html_item(item)
        return [*lines, f"</{tag}>"]

    def _html_item(self, item: Block) -> list[str]:
        attributes = f' class="task-list-item" data-task="{html.escape(item.task)}"' if item.task else ""
        mark = f' data-mark="{html.escape(item.task)}"' if item.task in _SIGNS else ""
        box = _BOX.format(checked="" if item.task == " " else " checked", mark=mark) if item.task else ""
        if safe_item(item):
            text = self.inline.write(item.children[0].inline) if item.children else ""
            return [f'<li{attributes} markdown="span">{box}{text}</li>']
        lines, rest = [f'<li{attributes} markdown="block">', ""], item.children
        if box and rest and rest[0].kind == "paragraph":
            tag = "div" if rest[0].tight else "p"
            lines += [f'<{tag} markdown="span">{box}{self.inline.write(rest[0].inline)}</{tag}>', ""]
            rest = rest[1:]
        return [*lines, *self.blocks(rest), "", "</li>"]

    def _html_quote(self, block: Block) -> list[str]:
        head = block.callout
        if head is None:
            return ['<blockquote markdown="block">', "", *self.blocks(block.children), "", "</blockquote>"]
        kind = html.escape(head.type.lower())
        data = f'data-callout="{kind}"'
        if head.metadata:
            data += f' data-callout-metadata="{html.escape(head.metadata.strip())}"'
        tag, title = ("details", "summary") if head.fold else ("div", "p")
        if head.fold:
            shown = f' class="{kind}"' + (' open="open"' if head.fold == "+" else "")
        else:
            shown = f' class="admonition {kind}"'
        mark = "" if head.fold else ' class="admonition-title"'
        top = f'<{title}{mark} markdown="span">{self._title(block)}</{title}>'
        return [
            f'<{tag}{shown} {data} markdown="block">',
            top,
            "",
            *self.blocks(block.children),
            "",
            f"</{tag}>",
        ]


_SIGNS = "><!?*i"  # marks of tasks that their boxes show
_RULES = {"left": ":---", "center": ":---:", "right": "---:"}


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bare_table(cells: list[str]) -> list[str]:
    """A table with a head and nothing else."""
    head = [f'<th markdown="span">{cell}</th>' for cell in cells]
    names = ("table", "thead", "tr")
    return [
        *(f'<{name} markdown="block">' for name in names),
        *head,
        *(f"</{name}>" for name in reversed(names)),
    ]
