"""Guards text generation with a model that says what the test wants: pieces, ends, stop texts, statistics."""

import mlx.core as mx
import pytest

from kvist.cache import BaseKVCache
from kvist.decode import SamplingParams, generate, stream
from kvist.errors import KvistError
from kvist.text import Tokenizer
from kvist.text.bpe import BytePairEncoding


class Parrot:
    """Continues any prompt with a fixed run of tokens, over and over; its cache is a count."""

    vocab_size = 256
    context_length = 100

    def __init__(self, tokens: list[int], num_prompt_tokens: int) -> None:
        self._tokens, self._start, self._seen = tokens, num_prompt_tokens, 0

    def __call__(self, tokens: mx.array, cache: list[BaseKVCache] | None = None) -> mx.array:
        self._seen += tokens.shape[1]
        chosen = self._tokens[(self._seen - self._start) % len(self._tokens)]
        return mx.broadcast_to((mx.arange(256) == chosen).astype(mx.float32), (1, tokens.shape[1], 256))

    def make_cache(self) -> list[BaseKVCache]:
        return []


def parrot(tokenizer: Tokenizer, text: str, prompt: str = "say") -> Parrot:
    return Parrot(tokenizer.encode(text), len(tokenizer.encode(prompt)))


def test_chinese_is_never_broken(byte_tokenizer: Tokenizer) -> None:
    model = parrot(byte_tokenizer, "缓存是关键。")
    pieces = list(stream(model, byte_tokenizer, "say", SamplingParams(max_tokens=18)))
    assert pieces == ["缓", "存", "是", "关", "键", "。"]


def test_cut_at_max_tokens(byte_tokenizer: Tokenizer) -> None:
    result = generate(parrot(byte_tokenizer, "缓存"), byte_tokenizer, "say", SamplingParams(max_tokens=5))
    assert (result.text, len(result.tokens), result.finish_reason) == ("缓\ufffd", 5, "length")


def test_end_of_sequence_token_ends_and_is_left_out(byte_tokenizer: Tokenizer) -> None:
    ending = Tokenizer(byte_tokenizer._backend, eos_ids=byte_tokenizer.encode("!"))
    result = generate(parrot(ending, "hello!"), ending, "say")
    assert (result.text, result.finish_reason) == ("hello", "stop")
    assert ending.decode(result.tokens) == "hello"
    assert result.num_decoded_tokens == 5  # e, l, l, o, !


def test_stop_text_across_tokens(byte_tokenizer: Tokenizer) -> None:
    params = SamplingParams(stop=("lo w", "never"), max_tokens=50)
    pieces = stream(parrot(byte_tokenizer, "hello world"), byte_tokenizer, "say", params)
    assert "".join(pieces) == pieces.result.text == "hel"
    assert pieces.result.finish_reason == "stop"


def test_held_text_comes_out_at_the_end(byte_tokenizer: Tokenizer) -> None:
    params = SamplingParams(stop=("hello again",), max_tokens=7)
    assert generate(parrot(byte_tokenizer, "hello "), byte_tokenizer, "say", params).text == "hello h"


def test_statistics(byte_tokenizer: Tokenizer) -> None:
    result = generate(parrot(byte_tokenizer, "abc"), byte_tokenizer, "say", SamplingParams(max_tokens=10))
    assert (result.num_prompt_tokens, result.num_decoded_tokens) == (3, 9)
    assert result.prefill_tokens_per_second == pytest.approx(3 / result.prefill_seconds)
    assert result.decode_tokens_per_second == pytest.approx(9 / result.decode_seconds)
    single = generate(parrot(byte_tokenizer, "abc"), byte_tokenizer, "say", SamplingParams(max_tokens=1))
    assert single.decode_tokens_per_second == 0.0


def test_reader_may_stop_early(byte_tokenizer: Tokenizer) -> None:
    pieces = stream(parrot(byte_tokenizer, "abc"), byte_tokenizer, "say")
    assert [next(pieces), next(pieces)] == ["a", "b"]
    assert pieces.result.text == "ab"


@pytest.mark.parametrize("prompt", ["", " \n"])
def test_refuses_an_empty_prompt_at_once(byte_tokenizer: Tokenizer, prompt: str) -> None:
    with pytest.raises(KvistError, match=r"\[prompt\] need some text, got an empty prompt"):
        stream(parrot(byte_tokenizer, "abc"), byte_tokenizer, prompt)


def test_tokenizer_of_another_model(byte_tokenizer: Tokenizer, tmp_path) -> None:
    BytePairEncoding([(b"a", b"b")]).write_tokenizer_json(tmp_path / "tokenizer.json")
    other = Tokenizer.from_folder(tmp_path)
    with pytest.raises(
        KvistError, match=r"need token ids below the vocabulary size 256, got 256. hint: does token"
    ):
        generate(parrot(other, "x"), other, "ab")
