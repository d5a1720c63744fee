"""Social cards: a picture of a page's title and first words, for where a link to it is shared.

Drawn with a font of this machine that has both scripts. A card's file is named by what is on it, so one that
is there is never drawn again. Only the notes changed last get their own; all others share the site's.
"""

import hashlib
import json
import os
import shutil
import subprocess
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from vaultkit.site.outputs.listing import Entry
from vaultkit.site.outputs.place import Place
from vaultkit.site.paths import LANGUAGES, Language, Layout
from vaultkit.write import write_atomic

FOLDER = "cards"  # below the site's root, of both languages
MOST = 250  # notes of a language with a card of their own: the cost of a build stays bounded
_LOOK = "2"  # changes when cards are drawn differently
_CANDIDATES = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "/Library/Fonts/Arial Unicode.ttf",
    "C:/Windows/Fonts/msyh.ttc",
)


@cache
def font_file() -> tuple[str, int] | None:
    """A font with Latin and Chinese (file, face in it); None: there is none, or nothing that could draw."""
    if find_spec("PIL") is None:
        return None
    asked = os.environ.get("KVIST_CARD_FONT")
    if asked is not None:
        return (asked, 0) if os.path.isfile(asked) else None
    found = next((path for path in _CANDIDATES if os.path.isfile(path)), "")
    if found:
        return found, 2 if "NotoSansCJK" in found else 0  # of Noto's faces the third is simplified Chinese
    program = shutil.which("fc-match")
    if program is None:
        return None
    command = [program, "-f", "%{lang}\t%{file}\t%{index}", "sans:lang=zh-cn"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        languages, file, index = done.stdout.split("\t")
        return (file, int(index)) if "zh-cn" in languages.lower().split("|") else None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def card_names(place: Place, entries: list[Entry]) -> dict[str, str]:
    """The card of each page by its URL, as a path below the site's root; "" is the card of all others."""
    if font_file() is None:
        return {}
    own = [entry for entry in entries if entry.changed and place.language in entry.languages]
    own.sort(key=lambda entry: (entry.changed, entry.url), reverse=True)
    names = {entry.url: _name(place, entry.title, entry.text) for entry in own[:MOST]}
    return {"": _name(place, "", place.description)} | {url: name for url, name in names.items() if url}


def plan(layout: Layout, place: Place, entries: list[Entry]) -> None:
    """Leave a note of what this language's cards show, for `draw`."""
    names = card_names(place, entries)
    shown = {names[""]: ("", place.description)} if names else {}
    shown |= {names[e.url]: (e.title, e.text) for e in entries if e.url and e.url in names}
    text = json.dumps({"name": place.name, "cards": shown}, ensure_ascii=False)
    write_atomic(_plan_file(layout, place.language), text.encode("utf-8", "replace"))


def draw(layout: Layout) -> str:
    """Draw what the pages of the built site name and is not there yet; what to tell of it, "" for nothing."""
    name = ""
    cards: dict[str, tuple[str, str]] = {}
    for language in LANGUAGES:
        try:
            planned = json.loads(_plan_file(layout, language).read_text("utf-8"))
            name = name or planned["name"]
            cards |= {path: (title, text) for path, (title, text) in planned["cards"].items()}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    if font_file() is None:
        return "no social cards: there is no font with Chinese here, or no Pillow"
    write_cards(cards, name, layout.site)
    return ""


def _plan_file(layout: Layout, language: Language) -> Path:
    return layout.cache / f"cards-{language}.json"


def _name(place: Place, title: str, text: str) -> str:
    font = font_file()
    words = "\0".join([_LOOK, Path(font[0]).name if font else "", place.name, title, text])
    return f"{FOLDER}/{hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()[:20]}.png"


def write_cards(cards: dict[str, tuple[str, str]], name: str, site: Path) -> int:
    """Make the site have exactly these cards; return how many were drawn."""
    folder = site / FOLDER
    for file in folder.glob("*.png"):
        if f"{FOLDER}/{file.name}" not in cards:
            file.unlink()
    missing = {path: words for path, words in cards.items() if not (site / path).is_file()}
    font = font_file()
    if not missing or font is None:
        return 0
    painter = import_module("vaultkit.site.outputs.painter").Painter(*font, name)  # Pillow is dear to import
    for path, (title, text) in missing.items():
        write_atomic(site / path, painter.paint(title, text))
    return len(missing)
