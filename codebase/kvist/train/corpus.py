"""A folder of plain-text files as a corpus: documents, a held-out part, a stream of tokens.

A document is a paragraph: documents are separated by an empty line.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kvist.errors import KvistError

_CHOICE = re.compile(r"{([^{}]*)}")  # the innermost choice
_AFTER_CHINESE_PUNCTUATION = re.compile(r"(?<=[，。；：？！、])\s+")


def read_documents(folder: str | Path) -> list[str]:
    """The paragraphs of every `*.txt` below `folder`, by path and then by place in the file."""
    paths = sorted(Path(folder).rglob("*.txt"))
    if not paths:
        raise KvistError("read_documents", "a folder with *.txt files", str(folder))
    texts = (path.read_text(encoding="utf-8") for path in paths)
    return [part.strip() for text in texts for part in text.split("\n\n") if part.strip()]


def hold_out(documents: Sequence[str], every: int) -> tuple[list[str], list[str]]:
    """Split off each `every`-th document: (training documents, held-out documents)."""
    if every < 2:
        raise KvistError("hold_out", "every >= 2", str(every))
    training = [document for i, document in enumerate(documents) if (i + 1) % every]
    return training, list(documents[every - 1 :: every])


def token_stream(
    documents: Sequence[str], encode: Callable[[str], list[int]], end_of_text: int
) -> np.ndarray:
    """All documents as one array of token ids (int32), `end_of_text` after each."""
    return np.array([token for text in documents for token in [*encode(text), end_of_text]], dtype=np.int32)


def expand(pattern: str, random: np.random.Generator) -> str:
    """One text of a pattern such as `A {small|tiny} cache.{ It is full.|}`: one choice for each `{…|…}`.

    Choices may stand inside choices. White space becomes one space, and none after Chinese punctuation.
    """
    text, found = pattern, 1
    while found:  # from the inside out
        text, found = _CHOICE.subn(lambda match: str(random.choice(match[1].split("|"))), text)
    return " ".join(_AFTER_CHINESE_PUNCTUATION.sub("", text).split())
