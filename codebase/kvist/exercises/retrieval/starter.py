"""Exercise: BM25, the ranking by shared words that vectors are still compared with.

score = sum over the question's words of idf * f * (k1 + 1) / (f + k1 * (1 - b + b * length / mean length)),
where f is how often the passage holds the word, and idf = ln(1 + (N - n + 0.5) / (n + 0.5)) for a word that n
of N passages hold.
"""


def bm25(question: list[str], passages: list[list[str]], k1: float, b: float) -> list[float]:
    """One score a passage; 0 for a passage that holds no word of the question."""
    raise NotImplementedError("write me")
