"""Guards byte-level BPE: our encoding equals the `tokenizers` library's on any text; decoding undoes it.

The library runs Qwen's regular expression itself, so equality also checks our own splitting of text.
"""

import itertools
import unicodedata
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as HuggingFaceTokenizer

from kvist.errors import KvistError
from kvist.text.bpe import BytePairEncoding, train_bpe
from kvist.text.bpe_merges import apply_merge, learn_merges
from kvist.text.pretokenize import alphabet, byte_letters, pretokenize

TEXT = (
    """The KV cache keeps the keys and values of all tokens so far. It's why decoding doesn't start over.
KV 缓存保存此前所有 token 的键和值，因此解码时不必从头计算。前缀相同的请求可以共享 KV 缓存。
Tokens, tokens and more tokens; caches, caches and more caches: 2 x 16 = 32.\n\n  def cache(keys, values):\n
"""
    * 3
)
SPECIAL = ["<|endoftext|>", "<|end|>", "<|endoftext|>!"]
# A character added to Unicode after one side's tables were made has no agreed kind: leave those out.
CHARACTERS = st.characters(exclude_categories=["Cn", "Cs", "Co"])
ANY_TEXT = st.lists(
    st.one_of(
        st.text(CHARACTERS, max_size=8),
        st.sampled_from(
            [*SPECIAL, "The KV", " 缓存", "，因此", "'s", "'LL", "'ſ", "\r\n", " \n ", "\u3000", "\x1c", "½"]
        ),
        st.text(st.sampled_from("aeKV缓存 \n\t\r\u00a0.，'1一①🙂\u0301"), max_size=12),
    ),
    max_size=8,
).map("".join)


@pytest.fixture(scope="module")
def ours() -> BytePairEncoding:
    return train_bpe(TEXT, vocab_size=420, special_tokens=SPECIAL)


@pytest.fixture(scope="module")
def theirs(ours, tmp_path_factory) -> HuggingFaceTokenizer:
    path = tmp_path_factory.mktemp("bpe") / "tokenizer.json"
    ours.write_tokenizer_json(path)
    return HuggingFaceTokenizer.from_file(str(path))


@settings(max_examples=settings().max_examples * 4, deadline=None)
@given(text=ANY_TEXT)
@example(text="")
@example(text=TEXT)
@example(text="'ſt 'S I'LL don't 'x  a\u3000b\n\n \n c \x85d")
def test_encoding_equals_the_tokenizers_library_and_decodes_to_the_same_text(ours, theirs, text):
    tokens = ours.encode(text)
    assert tokens == theirs.encode(text).ids
    assert ours.decode(tokens) == text
    assert theirs.decode(tokens, skip_special_tokens=False) == text


def test_merges_equal_those_of_counting_everything_anew_for_each_merge():
    pretokens = [piece.encode() for piece in pretokenize(TEXT)]
    words = [[bytes([byte]) for byte in pretoken] for pretoken in pretokens]
    slow = []
    for _ in range(120):
        counts = Counter(pair for word in words for pair in itertools.pairwise(word))
        pair = min(counts, key=lambda p: (-counts[p], p))
        if counts[pair] < 2:
            break
        slow.append(pair)
        words = [apply_merge(word, pair) for word in words]
    assert learn_merges(pretokens, 120) == slow


def test_repeated_letters_merge_from_the_left():
    assert apply_merge([b"a"] * 5, (b"a", b"a")) == [b"aa", b"aa", b"a"]


def test_the_vocabulary_has_bytes_then_merges_then_special_tokens(ours, theirs):
    assert ours.vocab_size == theirs.get_vocab_size() == 256 + len(ours.merges) + len(SPECIAL)
    assert ours.encode("!") == [0] and len(alphabet()) == len(set(byte_letters())) == 256
    assert ours.token_id("<|endoftext|>") == 256 + len(ours.merges)
    assert ours.encode("<|end|>") == [ours.token_id("<|end|>")]
    assert len(ours.encode(TEXT)) < len(TEXT.encode()) / 2


def test_a_cut_character_decodes_to_the_replacement_character(ours):
    assert ours.decode(ours.encode("🙂")[:-1]) == "\ufffd"


def test_learning_stops_when_no_pair_occurs_twice():
    assert train_bpe("abc", vocab_size=1000).vocab_size == 256


def test_bad_input_is_refused_with_a_reason(ours):
    with pytest.raises(KvistError, match="vocab_size >= 257"):
        train_bpe("text", 256, ["<|end|>"])
    with pytest.raises(KvistError, match="distinct"):
        train_bpe("text", 300, ["<|end|>", "<|end|>"])
    with pytest.raises(KvistError, match="token ids in"):
        ours.decode([ours.vocab_size])
    with pytest.raises(KvistError, match="special token"):
        ours.token_id("<|missing|>")


def test_the_white_space_rule_is_unicodes_not_pythons():
    assert "\x1c".isspace() and pretokenize("\x1c\x1c") == [
        "\x1c\x1c"
    ]  # a control character, not white space
    assert unicodedata.category("½") == "No" and pretokenize("a½b") == ["a", "½", "b"]
