"""Inline text written anew for Python-Markdown: emphasis, breaks and addresses as CommonMark has them."""

import html
import re
from collections.abc import Callable, Sequence

from markdown_it.token import Token

from vaultkit.site.plain.tags import closes, drops, inline_tag

BRACE = "\ue002"  # a `{` of the author's in a place where Python-Markdown would look for attributes
_SPECIAL = re.compile(r"[\\`*<$]|(?<!\w)_|_(?!\w)|\[|\]|&(?=#|\w+;)|~~|==")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`\u3000-\u303f\uff00-\uffef\ue000-\ue002]+", re.IGNORECASE)
_ENTITY = {"\\": "&#92;", "`": "&#96;", "*": "\\*", "_": "\\_", "<": "&lt;", "$": "\\$", "&": "&amp;",
           "[": "&#91;", "]": "&#93;", "~~": "&#126;~", "==": "&#61;="}  # fmt: skip
_TAGS = {"em": "em", "strong": "strong", "s": "del", "mark": "mark"}
_MARKS = {"em": "*", "strong": "**"}
_PLAIN = re.compile(r"[\w ,.()/-]*\w")
_TRAILING = re.compile(r"[?!.,:;*_~'\")]+$")


class Inline:
    """Writes the inline tokens of one document; `line_break` is what a single line end becomes."""

    def __init__(
        self, line_break: str, note_label: Callable[[int], str], *, references: bool, hosts: bool = False
    ) -> None:
        self.line_break = line_break
        self.note_label = note_label
        self.references = references
        self.hosts = hosts

    def write(self, tokens: Sequence[Token], *, table: bool = False, one_line: bool = False) -> str:
        """Markdown of these tokens; in a table no pipe, on one line no line end is left bare."""
        tokens = _without_dropped([token for token in tokens if token.content or token.type != "text"])
        source = "".join(token.content for token in tokens if token.type == "text")
        brackets = self.references or "](" in source or "][" in source
        parts: list[str] = []
        in_link = 0
        for index, token in enumerate(tokens):
            kind = token.type
            if kind == "text":
                text = token.content
                parts.append(_escape(text, brackets=brackets or in_link > 0, link=in_link > 0))
            elif kind in ("em_open", "strong_open", "s_open", "mark_open"):
                parts.append(_opener(tokens, index))
            elif kind in ("em_close", "strong_close", "s_close", "mark_close"):
                parts.append(_closer(tokens, index))
            elif kind == "code_inline":
                parts.append(_code(token.content, table=table))
            elif kind == "link_open":
                in_link += 1
                parts.append(_link_open(token, tokens, index))
            elif kind == "link_close":
                in_link -= 1
                parts.append(_link_close(tokens, index))
            elif kind == "image":
                parts.append(_image(token))
            elif kind == "html_inline":
                parts.append(inline_tag(token.content, hosts=self.hosts))
            elif kind == "softbreak":
                parts.append(" " if one_line else self.line_break)
            elif kind == "hardbreak":
                parts.append("<br>" if one_line else "  \n")
            elif kind == "footnote_ref":
                label = token.meta.get("label")
                parts.append(f"[^{label if label else self.note_label(token.meta['id'])}]")
            else:
                parts.append(_escape(token.content, brackets=True, link=False))
        text = "".join(parts)
        return text.replace("|", "&#124;") if table else text


def _without_dropped(tokens: list[Token]) -> list[Token]:
    """The tokens without what stands between `<style>` and `</style>` and the like; frames leave a link."""
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        kept.append(token)
        index += 1
        if token.type == "html_inline" and (name := drops(token.content)):
            ends = (i for i in range(index, len(tokens)) if closes(tokens[i].content, name))
            index = next((i + 1 for i in ends if tokens[i].type == "html_inline"), index)
    return kept


def _escape(text: str, *, brackets: bool, link: bool) -> str:
    """Text that shows as itself; web addresses in it become links."""
    if not link and ("://" in text or "www." in text or "WWW." in text):
        parts: list[str] = []
        position = 0
        for found in _URL.finditer(text):
            if found.start() and (text[found.start() - 1].isalnum() or text[found.start() - 1] in "/_-"):
                continue
            url = _trim(found[0])
            if len(url) < 10 and "://" not in url:
                continue
            parts += [_escape_plain(text[position : found.start()], brackets), _autolink(url)]
            position = found.start() + len(url)
        return "".join([*parts, _escape_plain(text[position:], brackets)])
    return _escape_plain(text, brackets)


def _escape_plain(text: str, brackets: bool) -> str:
    def put(found: re.Match[str]) -> str:
        mark = found[0]
        if mark in "[]" and not brackets:
            return mark
        return _ENTITY.get(mark, mark)

    return _SPECIAL.sub(put, text)


def _trim(url: str) -> str:
    """GFM: punctuation at the end, and a closing bracket without its opening one, are not of the address."""
    while True:
        shorter = url
        if url.endswith(")") and url.count(")") <= url.count("("):
            return url
        if found := _TRAILING.search(url):
            shorter = url[: found.end() - 1]
        if shorter == url:
            return url
        url = shorter


def _autolink(url: str) -> str:
    if url.lower().startswith("www."):
        return f'<a href="http://{html.escape(url)}">{_escape_plain(url, True)}</a>'
    return (
        f"<{url}>"
        if not re.search(r"[\\{}*_]", url)
        else (f'<a href="{html.escape(url)}">{_escape_plain(url, True)}</a>')
    )


def _simple(tokens: Sequence[Token], start: int) -> bool:
    """True if the emphasis that opens at `start` is so plain that `*marks*` mean the same everywhere."""
    name = tokens[start].type.removesuffix("_open")
    if name not in _MARKS or start + 2 >= len(tokens) or tokens[start + 2].type != f"{name}_close":
        return False
    text = tokens[start + 1].content
    if tokens[start + 1].type != "text" or not _PLAIN.fullmatch(text) or not text[0].isalnum():
        return False
    before = tokens[start - 1] if start else None
    after = tokens[start + 3] if start + 3 < len(tokens) else None
    if before and not (before.type == "softbreak" or before.content.endswith((" ", "("))):
        return False
    return not after or after.type == "softbreak" or after.content.startswith((" ", ".", ",", ";", ":", ")"))


def _opener(tokens: Sequence[Token], index: int) -> str:
    name = tokens[index].type.removesuffix("_open")
    return _MARKS[name] if _simple(tokens, index) else f"<{_TAGS[name]}>"


def _closer(tokens: Sequence[Token], index: int) -> str:
    name = tokens[index].type.removesuffix("_close")
    start = index - 2
    simple = start >= 0 and tokens[start].type == f"{name}_open" and _simple(tokens, start)
    return _MARKS[name] if simple else f"</{_TAGS[name]}>"


def _code(code: str, *, table: bool) -> str:
    if "`" in code or "\\" in code or code != code.strip() or "<" in code or (table and "|" in code):
        escaped = "".join(c if c.isalnum() or c in " ,;" else f"&#{ord(c)};" for c in code)
        return f"<code>{escaped}</code>"
    return f"`{code}`" if code else ""


def _link_open(token: Token, tokens: Sequence[Token], index: int) -> str:
    if token.markup == "autolink":
        return f'<a href="{html.escape(str(token.attrs["href"]))}">'
    return "["


def _link_close(tokens: Sequence[Token], index: int) -> str:
    depth, start = 0, index
    while True:
        depth += {"link_open": -1, "link_close": 1}.get(tokens[start].type, 0)
        if not depth:
            break
        start -= 1
    token = tokens[start]
    return "</a>" if token.markup == "autolink" else f"]({_destination(token)})"


def _destination(token: Token) -> str:
    href = str(token.attrs.get("href", token.attrs.get("src", "")))
    title = str(token.attrs.get("title", "")).replace('"', "&quot;").replace("\n", " ")
    href = re.sub(r"[\s<>\\`|$]", lambda found: f"%{ord(found[0]):02X}", href)
    if re.search(r"[()]", href):
        href = f"<{href}>"
    return f'{href} "{title}"' if title else href


def _image(token: Token) -> str:
    alt = _escape_plain(token.content.replace("\n", " "), True)
    return f"![{alt}]({_destination(token)})"
