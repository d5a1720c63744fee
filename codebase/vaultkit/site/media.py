"""Files that are neither notes nor images, in the page: sound, film and PDF by the browser's own means."""

import re

from vaultkit.canvas.draw import entities
from vaultkit.site.context import Context, Target
from vaultkit.site.ui import say

AUDIO = frozenset({"mp3", "wav", "m4a", "ogg", "oga", "opus", "flac", "3gp", "aac"})
VIDEO = frozenset({"mp4", "webm", "ogv", "mov", "mkv"})
_SIZE = re.compile(r"(\d{1,5})(?:x(\d{1,5}))?")
_NUMBER = re.compile(r"\d{1,6}")
_TIME = re.compile(r"t=[\d.:,hms]{1,40}")


def media(context: Context, target: Target, subpath: str, display: str) -> str | None:
    """HTML of a file on one line; None for a kind that browsers do not show."""
    kind = target.file.rpartition(".")[2].lower()
    url = context.url(target)
    name = entities(target.file.rsplit("/", 1)[-1])
    link = f'<a href="{url}">{say(context.language, "download", name=name)}</a>'
    if kind == "pdf":
        return _pdf(url, name, link, subpath)
    if kind in AUDIO:
        return (
            f'<audio class="k-media" controls preload="metadata" src="{url}{_time(subpath)}">{link}</audio>'
        )
    if kind in VIDEO:
        size = _size(display)
        source = f'src="{url}{_time(subpath)}"'
        return f'<video class="k-media" controls preload="metadata"{size} {source}>{link}</video>'
    return None


def _pdf(url: str, name: str, link: str, subpath: str) -> str:
    """`page` and `height` of the subpath; who cannot see PDF in the page gets the link."""
    wanted = dict(part.split("=", 1) for part in re.split("[#&]", subpath) if "=" in part)
    page = wanted.get("page", "")
    height = wanted.get("height", "")
    anchor = f"#page={page}" if _NUMBER.fullmatch(page) else ""
    style = f' style="height:{height}px"' if _NUMBER.fullmatch(height) else ""
    shown = f'<object type="application/pdf" data="{url}{anchor}" aria-label="{name}"{style}>{link}</object>'
    return f'<div class="k-pdf">{shown}<p>{link.replace(url, url + anchor)}</p></div>'


def _size(display: str) -> str:
    found = _SIZE.fullmatch(display.strip())
    if not found:
        return ""
    return f' width="{found[1]}"' + (f' height="{found[2]}"' if found[2] else "")


def _time(subpath: str) -> str:
    return f"#{subpath}" if _TIME.fullmatch(subpath) else ""
