"""Paints one social card after another: four shades, each word or sign rendered once.

Four shades are two bits a pixel: a card takes about 5 kB, and at the size at which it is shown nobody sees
more of them.
"""

import io
import re
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 600, 315
_LEFT, _RIGHT = 44, 556
_TITLE, _TEXT, _NAME = 32, 17, 19
_WIDE = r"\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_PIECES = re.compile(rf"[{_WIDE}]|\s+|[^\s{_WIDE}]+")
_NOT_FIRST = frozenset("，。、；：！？）》」』”’％,.;:!?)")
_NOT_LAST = frozenset("（《「『“‘([")
_INK, _QUIET = 255, 170  # how dark, of 255
_PALETTE = (0xFC, 0xFC, 0xFE, 0xB4, 0xC6, 0xC3, 0x55, 0x79, 0x73, 0x10, 0x38, 0x30)  # from paper to ink
_SHADES = [min(3, (dark + 42) // 85) for dark in range(256)]
_LINES = 3  # of text


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
        self.base = Image.new("L", (WIDTH, HEIGHT), 0)
        _twig(self.base)
        self._line(self.base, name, _NAME, _LEFT + 38, HEIGHT - 66, _INK)

    def paint(self, title: str, text: str) -> bytes:
        """The PNG of a card; without a title it is the site's own."""
        image = self.base.copy()
        y = 42
        for line in self._wrapped(title, _TITLE, 3):
            self._line(image, line, _TITLE, _LEFT, y, _INK)
            y += 42
        y += 8 if title else 30
        for line in self._wrapped(text, _TEXT, min(_LINES, (HEIGHT - 85 - y) // 25)):
            self._line(image, line, _TEXT, _LEFT, y, _QUIET)
            y += 25
        image = image.point(_SHADES, "L")
        image.putpalette(_PALETTE)
        out = io.BytesIO()
        image.save(out, "PNG", bits=2, compress_level=6)
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
    mask = big.resize((36, 36), Image.Resampling.LANCZOS)
    image.paste(_INK, (_LEFT - 7, HEIGHT - 69), mask)
