"""Guards the corpus reader: documents, the held-out split, the token stream and the expansion of patterns."""

import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.train import expand, hold_out, read_documents, token_stream


def test_documents_are_paragraphs_in_the_order_of_the_paths(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("third\n")
    (tmp_path / "a.txt").write_text("first\nline\n\n\nsecond\n\n")
    assert read_documents(tmp_path) == ["first\nline", "second", "third"]
    with pytest.raises(KvistError, match="txt"):
        read_documents(tmp_path / "none")


def test_each_document_is_in_exactly_one_part():
    documents = [str(i) for i in range(11)]
    training, held_out = hold_out(documents, 5)
    assert held_out == ["4", "9"]
    assert sorted(training + held_out, key=int) == documents
    with pytest.raises(KvistError, match="every >= 2"):
        hold_out(documents, 1)


def test_the_stream_marks_the_end_of_each_document():
    stream = token_stream(["ab", "c"], lambda text: [ord(c) for c in text], 0)
    assert stream.dtype == np.int32 and stream.tolist() == [97, 98, 0, 99, 0]


def test_expansion_takes_one_choice_of_each_and_goes_inside():
    random = np.random.default_rng(0)
    texts = {expand("A {small|{very |}tiny} cache.\n{It is full.|}", random) for _ in range(200)}
    heads = {"A small cache.", "A tiny cache.", "A very tiny cache."}
    assert texts == heads | {f"{head} It is full." for head in heads}


def test_chinese_lines_are_joined_without_a_space():
    assert (
        expand("缓存满了。\n{请求|请求}等待。 KV 缓存", np.random.default_rng(0))
        == "缓存满了。请求等待。KV 缓存"
    )
