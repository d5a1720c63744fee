"""Retrieval: rank passages for a question."""

from kvist.rag.bm25 import BM25 as BM25
from kvist.rag.fusion import reciprocal_rank_fusion as reciprocal_rank_fusion
