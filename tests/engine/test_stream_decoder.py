"""Guards streaming: pieces join to the decoded whole and never cut a character, in any script and length."""

import tokenizers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kvist.text import StreamDecoder, Tokenizer

lenient = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pieces_of(tokenizer: Tokenizer, tokens: list[int]) -> list[str]:
    decoder = StreamDecoder(tokenizer)
    return [decoder.add(token) for token in tokens] + [decoder.flush()]


@lenient
@given(st.text(max_size=60))
def test_text_arrives_whole_and_in_characters(byte_tokenizer: Tokenizer, text: str) -> None:
    pieces = pieces_of(byte_tokenizer, byte_tokenizer.encode(text))
    assert "".join(pieces) == text
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in pieces)


@lenient
@given(st.lists(st.integers(0, 255), max_size=80))
def test_random_bytes_join_to_the_decoded_whole(byte_tokenizer: Tokenizer, tokens: list[int]) -> None:
    assert "".join(pieces_of(byte_tokenizer, tokens)) == byte_tokenizer.decode(tokens)


def test_each_character_comes_with_its_last_byte(byte_tokenizer: Tokenizer) -> None:
    pieces = pieces_of(byte_tokenizer, byte_tokenizer.encode("a缓存b🌿"))
    assert pieces == ["a", "", "", "缓", "", "", "存", "b", "", "", "", "🌿", ""]


@lenient
@given(st.text("ab缓存🌿", max_size=60))
def test_tokenizers_that_decode_whole_runs_of_bytes(text: str) -> None:
    # Llama's way: while one character of a run of byte tokens is cut, every byte of the run decodes to U+FFFD
    backend = tokenizers.Tokenizer(
        tokenizers.models.BPE({f"<0x{byte:02X}>": byte for byte in range(256)}, [])
    )
    backend.decoder = tokenizers.decoders.Sequence(
        [tokenizers.decoders.ByteFallback(), tokenizers.decoders.Fuse()]
    )
    assert "".join(pieces_of(Tokenizer(backend), list(text.encode()))) == text


def test_a_cut_character_at_the_end_is_marked(byte_tokenizer: Tokenizer) -> None:
    assert pieces_of(byte_tokenizer, byte_tokenizer.encode("a缓")[:-1]) == ["a", "", "", "\ufffd"]


def test_long_text_decodes_a_bounded_number_of_tokens(byte_tokenizer: Tokenizer) -> None:
    longest = 0

    class Counting(Tokenizer):
        def __init__(self) -> None:
            pass

        def decode(self, tokens, **kwargs) -> str:
            nonlocal longest
            tokens = list(tokens)
            longest = max(longest, len(tokens))
            return byte_tokenizer.decode(tokens)

    text = "一段很长的文本, and some English. " * 40
    assert "".join(pieces_of(Counting(), byte_tokenizer.encode(text))) == text
    assert longest < 50
