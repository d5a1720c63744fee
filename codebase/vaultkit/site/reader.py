"""Read a note's text into lines for the transforms: comments cut, code and formulas stashed."""

from vaultkit.lines import Comment, Scan
from vaultkit.run.census import shown_python
from vaultkit.run.control import is_control
from vaultkit.scan import scan
from vaultkit.site.code import code_lines, not_a_fence, not_a_fence_in_html
from vaultkit.site.context import Context
from vaultkit.site.draft import Line, Stash
from vaultkit.site.plain.html_lines import html_lines


def read(text: str, context: Context) -> list[Line]:
    """Lines of a note's body: front matter and comments gone, control comments kept (kind `control`).

    What the runner takes for Python in the text is entered in `context.python`.
    """
    scanned = context.note.scan if text is context.note.text else scan(text)
    context.python += [f"{context.note.path}:{line}" for line in shown_python(scanned)]
    cuts, controls = _comment_ranges(scanned.comments)
    code, added = code_lines(scanned)
    reader = _Reader(scanned, context.stash, cuts, code)
    lines: list[Line] = []
    for number in range(scanned.front_end + 1, len(scanned.lines) + 1):
        if comment := controls.get(number):
            lines.append(Line(number, "control", scanned.prefix(number), comment.text))
        line = reader.read_line(number)
        if line is not None:
            lines.append(line)
            if closing := added.get(number):
                lines.append(closing)
    return lines


def _comment_ranges(comments: list[Comment]) -> tuple[dict[int, list[tuple[int, int]]], dict[int, Comment]]:
    """(columns to cut by line number, control comments by the line on which they start)."""
    cuts: dict[int, list[tuple[int, int]]] = {}
    controls: dict[int, Comment] = {}
    for comment in comments:
        for number in range(comment.line, comment.end_line + 1):
            start = comment.column if number == comment.line else 0
            end = comment.end_column if number == comment.end_line else 1 << 30
            cuts.setdefault(number, []).append((start, end))
        if is_control(comment):
            controls[comment.line] = comment
    return cuts, controls


class _Reader:
    """Turns scanned lines into `Line`s; keeps a formula open that runs over several lines."""

    def __init__(
        self,
        scanned: Scan,
        stash: Stash,
        cuts: dict[int, list[tuple[int, int]]],
        code: dict[int, Line],
    ) -> None:
        self.scanned = scanned
        self.stash = stash
        self.cuts = cuts
        self.code = code
        self.raw_html = html_lines(scanned)
        self.math: list[str] = []
        self.math_start: Line | None = None

    def read_line(self, number: int) -> Line | None:
        """The line, or None when nothing of it is left (a comment, or the inner lines of a formula)."""
        kind = self.scanned.kind(number)
        raw = self.scanned.lines[number - 1]
        prefix = self.scanned.prefix(number)
        if not raw.startswith(prefix):
            prefix = ""
        if kind in ("comment", "front"):
            return None
        cuts = self.cuts.get(number, [])
        if any(start <= len(prefix) and end >= len(raw) for start, end in cuts):
            marked = prefix.strip(" \t>") and all(start for start, _ in cuts)
            return Line(number, "text", prefix, "") if marked else None
        if kind == "math":
            return self._math_line(number, prefix, raw[len(prefix) :])
        if number in self.code:
            return self.code[number]
        if kind == "html":
            return Line(number, kind, prefix, not_a_fence_in_html(raw[len(prefix) :]))
        if kind != "text":
            return Line(number, kind, prefix, raw[len(prefix) :])  # type: ignore[arg-type]
        if number in self.raw_html and not cuts:
            return Line(number, "html", prefix, raw[len(prefix) :])
        content = self._protect(number, raw, len(prefix), cuts)
        if not content.strip() and raw[len(prefix) :].strip() and not prefix.strip(" \t>"):
            return None
        looks = raw[len(prefix) :]
        return Line(number, "text", prefix, not_a_fence(looks)[: -len(looks) or None] + content)

    def _math_line(self, number: int, prefix: str, content: str) -> Line | None:
        if not self.math_start:
            self.math_start, self.math = Line(number, "math", prefix, ""), []
            self.math.append(content)
            return None
        self.math.append(content.lstrip("> "))
        if "$$" not in content:
            return None
        return self._end_math()

    def _end_math(self) -> Line:
        line, self.math_start = self.math_start, None
        assert line is not None
        line.content = self.stash.put_math("\n".join(self.math).strip(), line.number)
        return line

    def _protect(self, number: int, raw: str, start: int, cuts: list[tuple[int, int]]) -> str:
        """The content with code and math stashed and comments cut."""
        spans = [(a, b, "cut") for a, b in cuts]
        spans += [
            (s.start, s.end, s.kind) for s in self.scanned.covered(number) if s.kind in ("code", "math")
        ]
        parts: list[str] = []
        position = start
        for a, b, kind in sorted(spans):
            if a < position and not (a < start < b):
                continue
            parts.append(raw[position : max(a, position)])
            piece = raw[max(a, start) : b]
            if kind == "code":
                parts.append(self.stash.put(piece))
            elif kind == "math":
                parts.append(self._math_piece(piece, number))
            position = min(b, len(raw))
        parts.append(raw[position:])
        return "".join(parts)

    def _math_piece(self, piece: str, number: int) -> str:
        """A formula or part of one; parts are collected and stand where the last part stood."""
        if self.math_start:
            self.math.append(piece)
            if not piece.rstrip().endswith("$"):
                return ""
            return self._end_math().content
        if len(piece) > 1 and piece.endswith("$") and piece != "$$":
            return self.stash.put_math(piece, number)
        self.math_start, self.math = Line(number, "math", "", ""), [piece]
        return ""
