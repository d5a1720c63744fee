"""Paints one social card after another: sixteen greys and the twig, each word or sign rendered once."""

import io
import re
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 630
_LEFT, _RIGHT = 88, 1112
_TITLE, _TEXT, _NAME = 64, 33, 38
_WIDE = r"\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_PIECES = re.compile(rf"[{_WIDE}]|\s+|[^\s{_WIDE}]+")
_NOT_FIRST = frozenset("，。、；：！？）》」』”’％,.;:!?)")
_NOT_LAST = frozenset("（《「『“‘([")
_PAPER, _INK, _QUIET, _GREEN = 14, 1, 5, 15
_PALETTE = [value for grey in range(15) for value in (grey * 18, grey * 18, min(255, grey * 18 + 2))]


class _Rendered(NamedTuple):
    mask: Image.Image | None
    left: int
    top: int
    width: float


class Painter:
    """Cards of one site; `file` and `index` are a font's, `name` is the site's."""

    def __init__(self, file: str, index: int, name: str) -> None:
        basic = ImageFont.Layout.BASIC
        self.fonts = {
            size: ImageFont.truetype(file, size, index=index, layout_engine=basic)
            for size in (_TITLE, _TEXT, _NAME)
        }
        self.rendered: dict[tuple[str, int], _Rendered] = {}
        self.base = Image.new("P", (WIDTH, HEIGHT), _PAPER)
        self.base.putpalette([*_PALETTE, 0x1F, 0x6F, 0x5C])
        _twig(self.base)
        self._line(self.base, name, _NAME, _LEFT + 76, HEIGHT - 132, _INK)

    def paint(self, title: str, text: str) -> bytes:
        """The PNG of a card; without a title it is the site's own."""
        image = self.base.copy()
        y = 84
        for line in self._wrapped(title, _TITLE, 3):
            self._line(image, line, _TITLE, _LEFT, y, _INK)
            y += 84
        y += 16 if title else 60
        for line in self._wrapped(text, _TEXT, min(5, (HEIGHT - 170 - y) // 48)):
            self._line(image, line, _TEXT, _LEFT, y, _QUIET)
            y += 48
        out = io.BytesIO()
        image.save(out, "PNG", bits=4, compress_level=1)
        return out.getvalue()

    def _piece(self, piece: str, size: int) -> _Rendered:
        """A word or sign: how much of each pixel it covers, where, and how wide it is."""
        key = (piece, size)
        if key not in self.rendered:
            font = self.fonts[size]
            core, (left, top) = font.getmask2(piece, mode="L")
            mask = Image.frombytes("L", core.size, bytes(core)) if all(core.size) else None
            self.rendered[key] = _Rendered(mask, int(left), int(top), font.getlength(piece))
        return self.rendered[key]

    def _line(self, image: Image.Image, text: str, size: int, x: float, y: int, ink: int) -> None:
        """Between paper and ink the numbers of the palette's colours are greys: they mix as such."""
        for piece in _PIECES.findall(text):
            word = self._piece(" " if piece.isspace() else piece, size)
            if word.mask:
                image.paste(ink, (int(x) + word.left, y + word.top), word.mask)
            x += word.width

    def _wrapped(self, text: str, size: int, most: int) -> list[str]:
        """The text in at most so many lines, cut with an ellipsis."""
        lines, line, width = [], "", 0.0
        room = _RIGHT - _LEFT
        for piece in _PIECES.findall(" ".join(text.split())):
            piece = " " if piece.isspace() else piece
            own = self._piece(piece, size).width
            if line and width + own > room and piece not in _NOT_FIRST:
                held = line[-1] if line[-1] in _NOT_LAST else ""
                lines.append(line.removesuffix(held).rstrip())
                line, width = held, self._piece(held, size).width if held else 0.0
                if len(lines) == most:
                    break
                if piece == " ":
                    continue
            line, width = line + piece, width + own
        else:
            return [*lines, line] if line else lines
        while lines and self.fonts[size].getlength(lines[-1] + "…") > room:
            lines[-1] = lines[-1][:-1]
        return [*lines[:-1], lines[-1].rstrip(" ,，。、") + "…"] if lines else []


def _twig(image: Image.Image) -> None:
    """The mark, as in the site's icon, whose side is 24; drawn large and made small, so that it is smooth."""
    big = Image.new("L", (24 * 16, 24 * 16), 0)
    draw = ImageDraw.Draw(big)
    for stroke in (((12, 22), (12, 9)), ((12, 17), (6, 12)), ((12, 13), (18, 8))):
        draw.line([(16 * x, 16 * y) for x, y in stroke], fill=255, width=32)
    for x, y, radius in ((12, 5.5, 2.6), (5, 10.6, 2.2), (19, 6.8, 2.2)):
        draw.ellipse([16 * (x - radius), 16 * (y - radius), 16 * (x + radius), 16 * (y + radius)], fill=255)
    mask = big.resize((72, 72), Image.Resampling.LANCZOS)
    image.paste(_GREEN, (_LEFT - 14, HEIGHT - 138), mask.point([0] * 128 + [255] * 128))
