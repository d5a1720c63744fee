"""Embedded images with Obsidian's sizes: `![[figure.svg|300]]`, `![[figure.svg|300x200]]`."""

import re

from vaultkit.site.context import Context, Target

IMAGE = re.compile(r"\.(?:svg|png|jpe?g|gif|webp|avif|bmp)$", re.IGNORECASE)
_SIZE = re.compile(r"(\d+)(?:x(\d+))?$")
_SVG = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_LENGTH = re.compile(r"([\d.]+)(px|pt|in|mm|cm)?$")
_PIXELS = {"px": 1.0, "pt": 4 / 3, "in": 96.0, "mm": 96 / 25.4, "cm": 96 / 2.54}


def image(context: Context, target: Target, display: str, wikilink: bool, *, inline: bool = False) -> str:
    """Markdown of an image; its proportions are written out so that the page does not jump while it loads."""
    alt, _, size = display.rpartition("|") if "|" in display else ("", "", display)
    found = _SIZE.fullmatch(size.strip())
    if not found:
        alt, size = display, ""
    if not alt or (wikilink and not found and alt == target.file):
        alt = re.sub(r"[-_]+", " ", target.file.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    attributes = _attributes(context, target.file, found)
    alt = re.sub(r"[\\\[\]*_`<>$]", " ", alt).strip()
    mark = ".k-inline " if inline else ""
    return f"![{alt}]({context.href(target)}){{ {mark}{attributes} }}"


def external_image(display: str, address: str) -> str:
    """An image on another host, with Obsidian's sizes: `![alt|100x50](url)`, `![250](url)`."""
    alt, _, size = display.rpartition("|") if "|" in display else ("", "", display)
    found = _SIZE.fullmatch(size.strip())
    alt = re.sub(r"[\\\[\]*_`<>$]", " ", alt if found else display).strip()
    words = [f'width="{found[1]}"', f'height="{found[2]}"' if found[2] else ""] if found else []
    attributes = " ".join([*filter(None, words), 'loading="lazy"'])
    return f"![{alt}]({address}){{ {attributes} }}"


def _attributes(context: Context, file: str, size: re.Match[str] | None) -> str:
    natural = _natural_size(context, file)
    if size:
        width = int(size[1])
        height = int(size[2]) if size[2] else round(width * natural[1] / natural[0]) if natural else 0
    else:
        width, height = (round(natural[0]), round(natural[1])) if natural else (0, 0)
    words = [f'width="{width}"'] * bool(width) + [f'height="{height}"'] * bool(height)
    return " ".join([*words, 'loading="lazy"'])


def _natural_size(context: Context, file: str) -> tuple[float, float] | None:
    """Width and height of an SVG in CSS pixels as a browser shows it: its lengths, else its viewBox."""
    if not file.lower().endswith(".svg"):
        return None
    head = context.vault.on_disk(file).read_text(encoding="utf-8", errors="replace")[:4000]
    tag = _SVG.search(head)
    if tag is None:
        return None
    values = dict(re.findall(r'\b(width|height|viewBox)="([^"]*)"', tag[0]))
    lengths = [_LENGTH.match(values.get(name, "")) for name in ("width", "height")]
    sizes = [float(found[1]) * _PIXELS[found[2] or "px"] for found in lengths if found]
    box = [float(number) for number in re.findall(r"-?[\d.]+", values.get("viewBox", ""))]
    sizes = sizes if len(sizes) == 2 else box[2:4]
    return (sizes[0], sizes[1]) if len(sizes) == 2 and sizes[0] > 0 else None
