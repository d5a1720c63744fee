"""BM25: rank passages by the words that they share with a question."""

import math
from collections import Counter
from collections.abc import Sequence

from kvist.errors import KvistError


class BM25:
    """Scores of passages, each a list of words.

    Source: Robertson and Zaragoza 2009, The Probabilistic Relevance Framework, section 3.4; the inverse
    document frequency has Lucene's + 1, which keeps it positive.
    """

    def __init__(self, passages: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.75) -> None:
        if not passages:
            raise KvistError("BM25", "at least one passage", "none")
        self.k1, self.b = k1, b
        self.counts = [Counter(words) for words in passages]
        self.lengths = [len(words) for words in passages]
        self.mean_length = sum(self.lengths) / len(passages) or 1.0
        self.holding = Counter(word for counts in self.counts for word in counts)

    def idf(self, word: str) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)) for a word that n of N passages hold."""
        n = self.holding[word]
        return math.log(1 + (len(self.counts) - n + 0.5) / (n + 0.5))

    def scores(self, question: Sequence[str]) -> list[float]:
        """One score a passage; 0 for a passage that holds no word of the question."""
        return [sum(self._score(word, passage) for word in question) for passage in range(len(self.counts))]

    def _score(self, word: str, passage: int) -> float:
        frequency = self.counts[passage][word]
        length = 1 - self.b + self.b * self.lengths[passage] / self.mean_length
        return self.idf(word) * frequency * (self.k1 + 1) / (frequency + self.k1 * length)
