"""Text to terms. The browser does the same to a query (assets/search/words.js), and a test compares them.

A word of an alphabet is a term in lower case; of a name such as `QuantizedWeight` or `paged_attention` the
parts are terms too. Chinese, Japanese and Korean are written without spaces: there every two neighbours are
a term, and the last of a run stands alone, so that a word is found wherever it stands, and a single character
as the beginning of a term. A number whose digits stand in groups (819,200 or 819 200 or 819_200) is a term
without what parts them, besides its groups. Chinese is in
simplified characters. A Greek letter, with which formulas are written, is its name too.
"""

import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import pairwise

from vaultkit.site.search.variants import simple

CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_WORD = re.compile(rf"[^\W{CJK}]+")
_RUN = re.compile(rf"[{CJK}]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")
_GROUPED = re.compile(r"(?<![0-9A-Za-z_.,])[1-9][0-9]{0,2}([,_' ])[0-9]{3}(?:\1[0-9]{3})*(?!\1?[0-9])")
LONGEST = 40  # characters of a term: beyond that it is data, not a word
_NAMES = """
αalpha βbeta γgamma δdelta εepsilon ζzeta ηeta θtheta κkappa λlambda μmu νnu ξxi πpi ρrho σsigma τtau φphi
χchi ψpsi ωomega √sqrt ∑sum
"""
LETTERS = {pair[0]: pair[1:] for pair in _NAMES.split()}
_LETTER = re.compile(f"[{''.join(LETTERS)}]")
STOP = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "have", "if", "in", "is", "it",
    "its", "not", "of", "on", "or", "so", "than", "that", "the", "their", "then", "there", "these", "they",
    "this", "to", "was", "which", "with",
})  # fmt: skip


def terms(text: str) -> Counter[str]:
    """How often each term stands in `text`."""
    if not text.isascii():
        text = simple(unicodedata.normalize("NFKC", text))
    found: Counter[str] = Counter()
    for word, times in Counter(_WORD.findall(text)).items():
        for term in _expand(word):
            found[term] += times
    found.update(re.sub("[^0-9]", "", number[0]) for number in _GROUPED.finditer(text))
    if not text.isascii():
        for run in _RUN.findall(text):
            found.update(map("".join, pairwise(run)))
            found[run[-1]] += 1
        found.update(LETTERS[letter] for letter in _LETTER.findall(text.lower()))
    return found


@cache
def _expand(word: str) -> tuple[str, ...]:
    whole = word.lower()
    parts = {part.lower() for part in _PART.findall(word)} if not word.islower() or "_" in word else set()
    parts = {part for part in parts if len(part) > 1} | {whole.strip("_")}
    return tuple(part for part in parts if part and part not in STOP and len(part) <= LONGEST)
