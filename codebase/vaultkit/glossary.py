"""The house's terms in both languages: the table below the heading *Glossary* of the project's STYLE.md.

Its first two columns are English and Chinese; the rest, and what stands in brackets or after `；`, is advice
to writers. A row may hold several terms in the same order on both sides: `prefill / decode | 预填充 / 解码`.
"""

import re
from pathlib import Path

FILE = "STYLE.md"
_HEADING = re.compile(r"^#{1,6}\s+glossary\b", re.IGNORECASE)
_BRACKETS = re.compile(r"（(?:[^（）]|（[^（）]*）)*）|\([^()]*\)")


def glossary(project: Path) -> list[tuple[str, str]]:
    """(English, Chinese) of each term that has one meaning; [] without a table."""
    try:
        lines = (project / FILE).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found: list[tuple[str, str]] = []
    for cells in _rows(lines):
        if "(" not in cells[0]:  # a word that means this only in some place: "order (of additions)"
            found += _terms(cells[0], cells[1])
    return found


def _rows(lines: list[str]) -> list[list[str]]:
    inside, rows = False, []
    for line in lines:
        if line.startswith("#"):
            inside = bool(_HEADING.match(line))
        elif inside and line.lstrip().startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return [row for row in rows[2:] if len(row) >= 2]  # below the head and its rule


def _terms(english: str, chinese: str) -> list[tuple[str, str]]:
    ours = [part.strip() for part in re.split(r"\s/\s", english)]
    said = re.split(r"[；，]", _BRACKETS.sub("", chinese))[0]
    theirs = [part.strip() for part in re.split(r"\s?/\s|、", said)]
    if len(ours) == 1 and "," in english:
        ours = [part.strip() for part in english.split(",")]
    if len(ours) != len(theirs):
        return []
    ours, theirs = _whole(ours, " parallelism", " attention"), _whole(theirs, "并行", "注意力")
    pairs = zip(ours, theirs, strict=True)
    return [(en, zh) for en, zh in pairs if en and zh and en != zh and theirs.count(zh) == 1]


def _whole(parts: list[str], *endings: str) -> list[str]:
    """`tensor / pipeline parallelism` as `tensor parallelism`, `pipeline parallelism`."""
    ending = next((each for each in endings if parts[-1].endswith(each)), "")
    return [part if part.endswith(ending) else part + ending for part in parts]
