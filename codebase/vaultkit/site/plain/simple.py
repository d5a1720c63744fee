"""Paragraphs that need no parser: one line of words, plain links and code, alike for every Markdown reader.

Most of a note is such lines. Each is put away before the text is parsed, with a mark that is a paragraph too
in its place, and comes back where the mark ends up. So are the words of plain links elsewhere: a text that
differs only in the titles of notes is the same text then.
"""

import re

MARK = "\ue010"  # begins what stands for a paragraph
_NONE = r"\x00-\x1f\x7f`\\<\ue002-\uf8ff"  # of these characters
_WORD = rf"[^{_NONE}*_>&$\[\]{{}}|#~=^@]++"
_CODE = rf"(?<!`)`(?!\s)[^{_NONE}]+(?<!\s)`(?!`)"
_LABEL = rf"(?!\s)[^{_NONE}*_&$\[\]{{}}|#~=^@]++(?<!\s)"
_TARGET = r"\([a-z0-9./-]+(?:#[\w%-]+)?\)"
_LINK = rf"(?<!!)\[{_LABEL}\]{_TARGET}"
_SIMPLE = re.compile(rf"(?=[^\W\d_]|\[|\ue000)(?:{_WORD}|{_CODE}|{_LINK})+(?<!\s)")
_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)  # becomes a link
_RAW = re.compile(r"<(?:pre|script|style|textarea|[?!])", re.IGNORECASE)  # not ended by an empty line
_MARK = re.compile(rf"{MARK}(\d+)\ue011")
_WORDS = "\ue012"  # begins what stands for the words of a link
_CALLED = re.compile(rf"(?<![!\\])\[({_LABEL})\](?={_TARGET})")
_QUOTED = re.compile("[\"'>]")  # is written in another way in HTML
_FOOTNOTE = re.compile(r"\[\^[^\[\]]*\]:")
_CALLED_MARK = re.compile(rf"{_WORDS}(\d+)\ue013")
_LONGEST = 20_000


def put_away(text: str) -> tuple[str, list[str]]:
    """The text with marks for its simple paragraphs, and these."""
    if _RAW.search(text) or MARK in text:
        return text, []
    lines = text.split("\n")
    kept: list[str] = []
    above = ""
    for number, line in enumerate(lines):
        if line and not above and (number + 1 == len(lines) or not lines[number + 1]) and _is_simple(line):
            lines[number] = f"{MARK}{len(kept)}\ue011"
            kept.append(line)
        above = line
    return "\n".join(lines), kept


def put_back(text: str, kept: list[str]) -> str:
    """The text with the paragraphs in the place of their marks."""
    return _MARK.sub(lambda mark: kept[int(mark[1])], text) if kept else text


def put_words_away(text: str) -> tuple[str, list[str]]:
    """The text with marks for the words of plain links, and these; none where other words might be names of
    references, or a reference's address.
    """
    kept: list[str] = []
    if _WORDS in text or text.count("]:") > len(_FOOTNOTE.findall(text)):
        return text, kept

    def put(found: re.Match[str]) -> str:
        if _ADDRESS.search(found[1]) or _QUOTED.search(found[1]):
            return found[0]
        kept.append(found[1])
        return f"[{_WORDS}{len(kept) - 1}\ue013]"

    return _CALLED.sub(put, text), kept


def put_words_back(text: str, kept: list[str]) -> str:
    """The text with the words of links in the place of their marks."""
    return _CALLED_MARK.sub(lambda mark: kept[int(mark[1])], text) if kept else text


def _is_simple(line: str) -> bool:
    return len(line) < _LONGEST and bool(_SIMPLE.fullmatch(line)) and not _ADDRESS.search(line)
