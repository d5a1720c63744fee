"""Retrieval: the engine's own is `kvist.rag.BM25`."""

from types import ModuleType

from kvist.rag import BM25

TEXTS = (
    "the cache holds keys",
    "the radix tree holds prefixes and the cache the cache",
    "a cat",
    "keys keys keys",
)
PASSAGES = [text.split() for text in TEXTS]


def check_scores(solution: ModuleType) -> None:
    """Scores as the engine does."""
    for question in (["cache"], ["radix", "cache"], ["the", "keys"], ["keys"]):
        got, want = solution.bm25(question, PASSAGES, 1.2, 0.75), BM25(PASSAGES).scores(question)
        off = max(abs(a - b) for a, b in zip(got, want, strict=True))
        assert off < 1e-9, (
            f"for {question} need {[round(x, 3) for x in want]}, got {[round(x, 3) for x in got]}"
        )


def check_unknown(solution: ModuleType) -> None:
    """A word that no passage holds scores nothing."""
    got = solution.bm25(["dog"], PASSAGES, 1.2, 0.75)
    assert list(got) == [0, 0, 0, 0], f"need zeros, got {got}"


def check_length(solution: ModuleType) -> None:
    """With b = 0 the length of a passage does not matter."""
    short, long = solution.bm25(["x"], [["x"], ["x", "y", "y", "y"]], 1.2, 0.0)
    assert abs(short - long) < 1e-12, f"need equal scores, got {short:.3f} and {long:.3f}"
