"""Cut text into pre-tokens and spell bytes as letters: the two steps that come before byte-pair encoding.

Byte-level BPE never merges across the border of two pre-tokens, so the rule that places these borders is part
of the tokenizer. The rule here is the one of Qwen2 and Qwen3 (field `pre_tokenizer` of their tokenizer.json).
The byte alphabet is GPT-2's (Radford et al. 2019, sec 2.2): each of the 256 bytes is written as one printable
character, so that a vocabulary of byte strings can be stored as JSON text.
"""

import re
import unicodedata
from functools import cache

#: Qwen's rule as a regular expression with Unicode classes; `tokenizers` runs this text as it stands.
QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# Python's `re` has no \p{L}, so each character is first replaced by one letter for its kind (see `_kind`):
# L letter, N number, R line break, _ the plain space, W other white space, O anything else.
_CONTRACTION = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d", re.IGNORECASE)
_PATTERN_OVER_KINDS = re.compile(r"[_WO]?L+|N|_?O+R*|[_WR]*R+|[_WR]+(?![LNO])|[_WR]+")
_WHITE_SPACE = frozenset("\t\v\f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000").union(
    map(chr, range(0x2000, 0x200B))
)


@cache
def _kind(character: str) -> str:
    if character in "\r\n":
        return "R"
    if character == " ":
        return "_"
    if character in _WHITE_SPACE:
        return "W"
    category = unicodedata.category(character)
    return category[0] if category[0] in "LN" else "O"


def pretokenize(text: str) -> list[str]:
    """Split `text` into pre-tokens by Qwen's rule; joined, they give `text` back."""
    kinds = "".join(map(_kind, text))
    pieces = []
    position = 0
    while position < len(text):
        match = _CONTRACTION.match(text, position) or _PATTERN_OVER_KINDS.match(kinds, position)
        assert match is not None, "the last alternatives of the pattern accept any character"
        pieces.append(text[position : match.end()])
        position = match.end()
    return pieces


@cache
def byte_letters() -> tuple[str, ...]:
    """The letter of each byte value: printable Latin-1 stands for itself, the others move to U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    moved = iter(range(256, 512))
    return tuple(chr(byte) if byte in printable else chr(next(moved)) for byte in range(256))


def spell(data: bytes) -> str:
    """Write bytes in the byte alphabet, one letter per byte: `b" a"` is `"Ġa"`."""
    letters = byte_letters()
    return "".join(letters[byte] for byte in data)


def alphabet() -> list[bytes]:
    """The 256 single bytes in GPT-2's vocabulary order: printable ones first, then those that were moved."""
    order = sorted(range(256), key=lambda byte: byte_letters()[byte])
    return [bytes([byte]) for byte in order]
