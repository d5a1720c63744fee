"""Guards retrieval: BM25 against its formula, and fusion by rank."""

import math

import pytest

from kvist.errors import KvistError
from kvist.rag import BM25, reciprocal_rank_fusion

PASSAGES = [
    s.split() for s in ("the cache holds keys", "the radix tree holds prefixes and the cache", "a cat")
]


def test_bm25_by_hand() -> None:
    ranker = BM25(PASSAGES)
    mean = (4 + 8 + 2) / 3
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    want = idf * 1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 4 / mean))
    assert ranker.scores(["cache"])[0] == pytest.approx(want)
    assert ranker.scores(["cache"])[2] == 0 and ranker.scores(["dog"]) == [0, 0, 0]
    scores = ranker.scores(["radix", "cache"])
    assert scores[1] > scores[0] > scores[2]


def test_a_word_in_every_passage_still_counts_a_little() -> None:
    assert 0 < BM25([["a"], ["a", "b"]]).idf("a") < BM25([["a"], ["a", "b"]]).idf("b")


def test_fusion() -> None:
    assert reciprocal_rank_fusion([["a", "b", "c"], ["b", "c", "a"]]) == ["b", "a", "c"]
    assert reciprocal_rank_fusion([["a"], ["b"]]) == ["a", "b"] and reciprocal_rank_fusion([]) == []


def test_bad_input() -> None:
    with pytest.raises(KvistError, match="at least one passage"):
        BM25([])
    with pytest.raises(KvistError, match="k of at least 0"):
        reciprocal_rank_fusion([], -1)
