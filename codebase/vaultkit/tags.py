"""Tags: `#tag` in the text and `tags` in the front matter (Obsidian's rules)."""

import re
from datetime import date
from typing import Any

from vaultkit.lines import NOT_LINKS, Scan

_STOP = r"""\u2000-\u206F\u2E00-\u2E7F\s'!"#$%&()*+,.:;<=>?@^`{|}~\[\]\\"""
TAG = re.compile(rf"(?:(?<=\s)|(?<=^)|(?<=\\\[))#([^{_STOP}]+)")

_MAYBE = re.compile(r"#[^#\s]")  # not so in most headings


def inline_tags(scan: Scan, *, without: re.Pattern[str] | None = None) -> list[str]:
    """Tags in the text, in order, without `#`; not in code or HTML comments, but in `%% %%`. without: what
    lines look like that do not count.
    """
    found: list[str] = []
    for number in scan.text_lines():
        line = scan.lines[number - 1]
        if "#" in line and _MAYBE.search(line) and not (without and without.fullmatch(line)):
            found += [tag for tag in TAG.findall(scan.visible(number, NOT_LINKS)) if not tag.isdigit()]
    return found


def property_tags(value: Any) -> list[str]:
    """Tags of the property: a list gives each, a text is one tag, a text with comma or space gives none."""
    if isinstance(value, list):
        texts = (str(item).strip() for item in value if isinstance(item, (str, int, float, date)))
        return [text.removeprefix("#").strip() for text in texts if text]
    if isinstance(value, str) and value.strip() and not re.search(r"[,\s]", value.strip()):
        return [value.strip().removeprefix("#")]
    return []


def unique(tags: list[str]) -> list[str]:
    """Tags without repetition; case is ignored, the first spelling stays."""
    seen: dict[str, str] = {}
    for tag in tags:
        seen.setdefault(tag.lower(), tag)
    return list(seen.values())
