"""Whether a vault is Chinese though none of its notes is named so: `X.md` alone, without an `X.zh.md`."""

import re
from collections.abc import Iterable
from functools import partial

from vaultkit.memo import Memo
from vaultkit.note import Note

_MOST = 4000  # characters of a note that are looked at
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_SHARE = 0.8  # of the notes with text


def is_chinese_vault(notes: Iterable[Note], memo: Memo) -> bool:
    """True if no note is a translation and nearly all that say anything say it in Chinese."""
    notes = list(notes)
    if any(note.lang == "zh" for note in notes):
        return False
    votes = [memo.of("chinese", note, partial(_is_chinese, note)) for note in notes]
    said = [vote for vote in votes if vote is not None]
    return bool(said) and sum(said) >= _SHARE * len(said)


def _is_chinese(note: Note) -> bool | None:
    """None for a note without words; Japanese, which has Han characters too, is not Chinese."""
    if str(note.properties.get("lang", "")).lower().startswith("zh"):
        return True
    lines = note.scan.lines[note.scan.front_end :]
    if note.text.isascii():
        return False if any(line.strip() for line in lines) else None
    text = "\n".join(note.scan.lines[number - 1] for number in note.scan.text_lines())[:_MOST]
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    return None if not han + words else han > words and 10 * len(_KANA.findall(text)) < han
