"""Line-level scanner of Obsidian Markdown that every tool shares.

It answers, for each line: is it front matter, a fence, an indented code block, a comment, math, or text; and
which characters of a text line are code, math or comment. It parses no inline Markdown and never raises.
"""

import re
from bisect import bisect_right
from functools import cached_property

from vaultkit.containers import Container, Cursor, enter, open_new
from vaultkit.fences import Fence, OpenFence, closes, opening
from vaultkit.html_blocks import RAW_HTML, opens_html
from vaultkit.inline import Span, blank_out, spans
from vaultkit.lines import (
    NOT_LINKS,
    NOT_PROSE,
    Comment,
    CommentKind,
    LineKind,
    Scan,
    front_matter_end,
    split_lines,
    text_between,
)

__all__ = ["NOT_LINKS", "NOT_PROSE", "Comment", "Fence", "LineKind", "Scan", "Span", "scan", "split_lines"]

_PLAIN = frozenset("|#(\"'_")  # with letters, what begins no block of several lines
_PLAIN_MARKS = ("**", "[[", "![")
_BLOCK_START = re.compile(r"#{1,6}(?:[ \t]|$)|\||\[\^[^\]]+\]:")


def scan(text: str) -> Scan:
    """Scan one note's text (a leading byte order mark is ignored)."""
    return _Scanner(split_lines(text.removeprefix("\ufeff")), "<!--" in text or "%%" in text).run()


class _Scanner:
    """The state of one pass over the lines."""

    def __init__(self, lines: list[str], marked: bool) -> None:
        self.lines = lines
        self.marked = marked  # somewhere there may be a comment
        self.result = Scan(lines)
        self.stack: list[Container] = []
        self.fence: OpenFence | None = None
        self.until = ""  # closing mark of an HTML comment, math or raw HTML that spans lines
        self.until_kind: LineKind = "text"
        self.until_starts_line = False
        self.html_start = (0, 0)  # line index and column of the open HTML comment
        self.percent: tuple[int, int] | None = None  # the same of the open `%%` block
        self.chunk: list[int] = []  # numbers of the lines of the open paragraph
        self.altered: dict[int, str] = {}  # those of them of which a part belongs to something else
        self.html_depth = -1  # containers around the open HTML block, which ends at a blank line

    @cached_property
    def last_math(self) -> int:
        return max((i for i, line in enumerate(self.lines) if "$$" in line), default=-1)

    @cached_property
    def comment_ends(self) -> list[int]:
        return [i for i, line in enumerate(self.lines) if "-->" in line]

    @cached_property
    def blanks(self) -> list[int]:
        return [i for i, line in enumerate(self.lines) if not line.strip(" \t>")]

    def run(self) -> Scan:
        result, total = self.result, len(self.lines)
        result.front_end = front_matter_end(self.lines)
        result.kinds[: result.front_end] = ["front"] * result.front_end
        index = result.front_end
        while index < total:
            index = self.step_quickly(index)
            if index < total:
                self.step(index)
                index += 1
        self.end_chunk()
        if self.fence:
            self.close_fence(total, closed=False)
        if self.percent:
            result.unclosed_comment = self.percent[0] + 1
            self.end_percent(total - 1, len(self.lines[-1]), mark=0)
        if self.until == "-->":
            result.unclosed_comment = self.html_start[0] + 1
            self.add_comment("html", *self.html_start, 4, total - 1, len(self.lines[-1]), 0)
        result.comments.sort(key=lambda comment: (comment.line, comment.column))
        for covered in result.masks.values():
            covered.sort()
        return result

    def step(self, index: int) -> None:
        line = self.lines[index]
        if self.until:
            self.step_until(index, line)
            return
        if self.percent and "%%" in line:
            self.step_percent_end(index, line)
            return
        cursor = Cursor(line)
        matched = enter(cursor, self.stack)
        if self.fence and matched == len(self.stack):
            self.step_fence(index, cursor, self.fence)
            return
        if self.fence:
            self.close_fence(index, closed=False)
        self.step_block(index, line, cursor, matched)

    def step_quickly(self, index: int) -> int:
        """Take the commonest lines outside of containers (fences, code, empty ones, prose, tables, headings)
        from `index` on; the index of the first that is none of these.
        """
        before = -1
        while before < index < len(self.lines):
            if self.until or self.percent or self.stack or self.html_depth >= 0:
                break
            before = index
            index = self.take_text(index) if self.fence is None else self.take_code(index, self.fence)
        return index

    def take_code(self, index: int, fence: OpenFence) -> int:
        """Take the code of a fence, and its end if that is plain; the index of the first line not taken."""
        lines, result, total = self.lines, self.result, len(self.lines)
        if fence.indent:
            return index
        end, marker = index, fence.marker
        while end < total and marker not in lines[end]:
            end += 1
        result.kinds[index:end] = ["code"] * (end - index)
        result.prefixes[index:end] = [fence.prefix] * (end - index)
        fence.code.extend([line + "\n" for line in lines[index:end]])
        if end < total and lines[end] == marker:
            result.kinds[end] = "fence"
            result.prefixes[end] = fence.prefix
            end += 1
            self.close_fence(end, closed=True)
        return end

    def take_text(self, index: int) -> int:
        """Take prose, empty lines, tables, headings, and a fence's first line if it is plain."""
        lines, kinds, total = self.lines, self.result.kinds, len(self.lines)
        while index < total:
            line = lines[index]
            if not line:
                if self.chunk:
                    self.end_chunk()
                kinds[index] = "blank"
                index += 1
                continue
            first = line[0]
            if not (first.isalpha() or first in _PLAIN or line.startswith(_PLAIN_MARKS)) or "<!--" in line:
                if first in "`~" and (fence := opening(line)):
                    self.end_chunk()
                    index += 1
                    self.fence = OpenFence(index, *fence, "", 0, False, [])
                    kinds[index - 1] = "fence"
                return index
            if first in "|#":
                if first == "#" and not _BLOCK_START.match(line):
                    return index  # a tag
                self.end_chunk()
            index += 1
            self.chunk.append(index)
            if first == "#":
                self.end_chunk()
        return index

    # -- fences --

    def step_fence(self, index: int, cursor: Cursor, fence: OpenFence) -> None:
        self.result.prefixes[index] = fence.prefix
        indent = cursor.indent()
        if indent < 4 + fence.indent and closes(cursor.rest(), fence.marker):
            self.result.kinds[index] = "fence"
            self.close_fence(index + 1, closed=True)
            return
        cursor.take(min(indent, fence.indent))
        fence.code.append(cursor.rest() + "\n")
        self.result.kinds[index] = "code"

    def close_fence(self, end_line: int, *, closed: bool) -> None:
        fence, self.fence = self.fence, None
        if fence:
            self.result.fences.append(fence.ended(end_line, closed=closed, hidden=self.percent is not None))

    # -- blocks --

    def step_block(self, index: int, line: str, cursor: Cursor, matched: int) -> None:
        if not line[cursor.position :].strip():
            self.end_chunk()
            self.html_depth = -1
            if any(container.quote for container in self.stack[matched:]):
                del self.stack[matched:]
            self.result.kinds[index] = "blank"
            return
        depth = len(self.stack)
        del self.stack[matched:]
        on_marker = open_new(cursor, self.stack, paragraph=bool(self.chunk) and matched == depth)
        if on_marker or matched < depth or len(self.stack) > matched:
            self.end_chunk()
        indent, content = cursor.indent(), cursor.rest().lstrip(" \t")
        start = len(line) - len(content)
        prefix = self.result.prefixes[index] = line[:start]
        deepest = 3 + sum(container.slack for container in self.stack)
        if indent > deepest and not self.chunk and not on_marker:
            self.result.kinds[index] = "indented"
            return
        fence = opening(content) if content[:1] in ("`", "~") and indent <= deepest else None
        if fence:
            self.end_chunk()
            prefix = re.sub(r"[^\s>]", " ", prefix) if on_marker else prefix
            self.fence = OpenFence(index + 1, *fence, prefix, indent, on_marker, [])
            self.result.kinds[index] = "fence"
        elif content:
            self.step_text(index, line, start, content)

    def step_text(self, index: int, line: str, start: int, content: str) -> None:
        if _BLOCK_START.match(content):
            self.end_chunk()
        if len(self.stack) < self.html_depth:
            self.html_depth = -1
        if content[0] == "<" and self.html_depth < 0 and (raw := RAW_HTML.match(content)):
            self.end_chunk()
            self.result.kinds[index] = "html"
            closer = f"</{raw.group(1).lower()}>"
            if closer not in content.lower():
                self.until, self.until_kind, self.until_starts_line = closer, "html", True
            return
        if content[0] == "<" and self.html_depth < 0 and opens_html(content, in_paragraph=bool(self.chunk)):
            self.end_chunk()
            self.html_depth = len(self.stack)
        if self.html_depth >= 0 or content.startswith("<!--"):  # a comment's block ends with a line
            self.mask(index, Span(start, len(line), "tag"))
            self.end_chunk()
        if content.startswith("$$") and "$$" not in content[2:] and self.last_math > index:
            self.end_chunk()
            self.result.kinds[index] = self.until_kind = "math"
            self.until_starts_line = False
            self.until = "$$"
            return
        if not self.percent and content[:2] == "%%" != content[1:3] and "%%" not in content[2:]:
            self.end_chunk()
            self.percent = (index, start)
            line = " " * len(line)
        if "<!--" in content and (at := self.open_comment(index, line)) >= 0:
            if not line[:at].strip(" \t>"):
                return
            line = line[:at]
        self.chunk.append(index + 1)
        if line is not self.lines[index]:
            self.altered[index + 1] = line
        if content[0] == "#" or content.startswith("<!--"):
            self.end_chunk()

    # -- comments, math and raw HTML over several lines --

    def open_comment(self, index: int, line: str) -> int:
        """Column where an HTML comment starts that this line does not close, -1 if there is none."""
        at = blank_out(line, spans(line), NOT_PROSE).find("<!--")
        if at > 0 and (at - len(line[:at].rstrip("\\"))) % 2:
            return -1
        starts_line = not line[:at].strip(" \t>")
        if at < 0 or (not starts_line and not self.closes_in_paragraph(index)):
            return -1
        self.html_start = (index, at)
        self.until, self.until_kind = "-->", "comment"
        self.until_starts_line = starts_line
        if starts_line:
            self.end_chunk()
            self.result.kinds[index] = "comment"
        else:
            self.mask(index, Span(at, len(line), "html"))
        return at

    def closes_in_paragraph(self, index: int) -> bool:
        """True if a line after `index` ends an HTML comment before a blank line ends the paragraph."""
        end, blank = bisect_right(self.comment_ends, index), bisect_right(self.blanks, index)
        if end == len(self.comment_ends):
            return False
        return blank == len(self.blanks) or self.comment_ends[end] < self.blanks[blank]

    def step_until(self, index: int, line: str) -> None:
        self.result.kinds[index] = self.until_kind
        at = (line.lower() if self.until_kind == "html" else line).find(self.until)
        if at < 0:
            return
        end = at + len(self.until)
        if self.until == "-->":
            self.add_comment("html", *self.html_start, 4, index, at, 3)
        self.until = ""
        if line[end:].strip():
            self.end_chunk()
            self.result.kinds[index] = "text"
            self.mask(index, Span(0, end, "math" if self.until_kind == "math" else "html"))
            if self.until_starts_line:
                self.mask(index, Span(end, len(line), "tag"))
            self.chunk.append(index + 1)
            self.altered[index + 1] = " " * end + line[end:]

    def step_percent_end(self, index: int, line: str) -> None:
        self.end_chunk()
        if self.fence:
            self.close_fence(index, closed=False)
        at = line.index("%%")
        self.end_percent(index, at, mark=2)
        self.chunk.append(index + 1)
        self.altered[index + 1] = " " * (at + 2) + line[at + 2 :]

    def end_percent(self, index: int, column: int, mark: int) -> None:
        if self.percent:
            (first, start), self.percent = self.percent, None
            self.add_comment("percent", first, start, 2, index, column, mark)
            for covered in range(first, index):
                self.mask(
                    covered, Span(start if covered == first else 0, len(self.lines[covered]), "percent")
                )
            self.mask(index, Span(start if first == index else 0, column + mark, "percent"))

    def add_comment(
        self, kind: CommentKind, first: int, start: int, size: int, last: int, end: int, mark: int
    ) -> None:
        """Record a comment from (first, start), opener `size` long, to (last, end), closer `mark` long."""
        text = text_between(self.lines, first, start, size, last, end)
        self.result.comments.append(Comment(kind, first + 1, start, last + 1, end + mark, text))

    # -- spans inside paragraphs --

    def mask(self, index: int, span: Span) -> None:
        self.result.masks.setdefault(index + 1, []).append(span)

    def end_chunk(self) -> None:
        """Find the comments of the paragraph just ended; its other spans wait until they are asked for."""
        if not self.chunk:
            return
        numbers, altered = self.chunk, self.altered
        self.chunk = []
        self.result.paragraphs.append(numbers)
        lines = self.lines
        if not altered and not (
            self.marked and any("<!--" in lines[n - 1] or "%%" in lines[n - 1] for n in numbers)
        ):
            self.result.unseen.append(numbers)
            return
        self.altered = {}
        texts = [altered.get(number, lines[number - 1]) for number in numbers]
        for kind, first, start, last, end in self.result.cover(numbers, texts):
            if kind == "html" or kind == "percent":
                size, mark = (4, 3) if kind == "html" else (2, 2)
                self.add_comment(kind, first - 1, start, size, last - 1, end - mark, mark)
