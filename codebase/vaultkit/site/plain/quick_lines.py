"""The lines of a text as markdown-it marks them, found line by line and not character by character."""

from markdown_it import MarkdownIt
from markdown_it.parser_block import ParserBlock
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType


def quick_lines_plugin(parser: MarkdownIt) -> None:
    """Let the parser begin blocks with `QuickState`."""
    quick = QuickBlocks()
    quick.ruler = parser.block.ruler
    parser.block = quick


class QuickBlocks(ParserBlock):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, outTokens: list[Token]) -> list[Token] | None:
        if not src:
            return None
        state = QuickState(src, md, env, outTokens)
        self.tokenize(state, state.line, state.lineMax)
        return state.tokens


class QuickState(StateBlock):
    """The same as markdown-it's own."""

    def __init__(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> None:
        super().__init__("", md, env, tokens)
        self.src = src
        for marks in (self.bMarks, self.eMarks, self.tShift, self.sCount, self.bsCount):
            marks.clear()
        start = 0
        lines = src.split("\n")
        if not lines[-1].strip(" \t"):
            lines.pop()  # what stands after the last line end
        for line in lines:
            indent = len(line) - len(line.lstrip(" \t"))
            self.bMarks.append(start)
            self.eMarks.append(start + len(line))
            self.tShift.append(indent)
            self.sCount.append(len(line[:indent].expandtabs(4)) if "\t" in line else indent)
            start += len(line) + 1
        self.bMarks.append(len(src))
        self.eMarks.append(len(src))
        self.tShift.append(0)
        self.sCount.append(0)
        self.bsCount.extend([0] * len(self.bMarks))
        self.lineMax = len(lines)
