"""Traditional Chinese characters and the simplified ones that stand for them: the index holds all text in
simplified characters, a query is turned into them, so that 緩存 finds 缓存 and the other way round.

The table is OpenCC's (Apache-2.0; BYVoid/OpenCC, TSCharacters), read from the package opencc-purepy, of
which no more is used. Characters that simplified texts write too (GB 2312 has them) stand for themselves.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ALSO = "後於夥徵"  # GB 2312 has them, but simplified texts hardly do; assets/search/words.js knows them too
OWNER = "OpenCC, Apache-2.0"
MOST = "\uffff"  # what is above takes two places in the browser
_TABLE = "dicts/TSCharacters.txt"


@cache
def simplified() -> dict[str, str]:
    """Simplified by traditional character; {} if the package is missing. Pairs in UTF-16 of one length only,
    so that a text keeps its places in the browser.
    """
    spec = find_spec("opencc_purepy")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found: dict[str, str] = {}
    for folder in folders:
        for line in (Path(folder) / _TABLE).read_text("utf-8").splitlines():
            traditional, _, rest = line.partition("\t")
            simple = rest.split(" ")[0]
            same_size = len(traditional) == len(simple) == 1 and (traditional > MOST) == (simple > MOST)
            if same_size and traditional != simple and _is_only_traditional(traditional):
                found[traditional] = simple
    return found


def _is_only_traditional(letter: str) -> bool:
    return letter in ALSO or letter != letter.encode("gb2312", "ignore").decode("gb2312")


@cache
def _any() -> re.Pattern[str]:
    return re.compile(f"[{''.join(simplified())}]" if simplified() else r"(?!)")


def simple(text: str) -> str:
    """`text` in simplified characters."""
    return _any().sub(lambda found: simplified()[found[0]], text)


def is_traditional(text: str) -> bool:
    """True if a character of it has a simplified one."""
    return bool(_any().search(text))


def variants(terms: Iterable[str]) -> list[str]:
    """The traditional characters, and in their order the simplified ones, for those that stand in the terms;
    and whose table it is.
    """
    known = set().union(*terms)
    pairs = sorted(pair for pair in simplified().items() if pair[1] in known)
    return ["".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs), OWNER]
