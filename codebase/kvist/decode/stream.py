"""Generating text: a stream of pieces, and the whole with its statistics."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from kvist.decode.generate import LanguageModel, generate_tokens
from kvist.decode.params import SamplingParams
from kvist.decode.stop import StopMatcher
from kvist.errors import KvistError
from kvist.text import StreamDecoder, Tokenizer


@dataclass(slots=True)
class Generation:
    """What was generated, and how fast."""

    num_prompt_tokens: int
    text: str = ""
    tokens: list[int] = field(default_factory=list)
    """New tokens, without the end-of-sequence token."""
    finish_reason: Literal["length", "stop"] = "length"
    prefill_seconds: float = 0.0
    """Until the first token, which the prefill gives."""
    decode_seconds: float = 0.0
    """From the first token to the last."""
    num_decoded_tokens: int = 0
    """Tokens that came after the first, an end-of-sequence token included."""

    @property
    def prefill_tokens_per_second(self) -> float:
        return self.num_prompt_tokens / self.prefill_seconds if self.prefill_seconds else 0.0

    @property
    def decode_tokens_per_second(self) -> float:
        """0 when nothing came after the first token."""
        return self.num_decoded_tokens / self.decode_seconds if self.decode_seconds else 0.0


class TextStream(Iterator[str]):
    """Iterate for pieces of text, none of which cuts a character; `result` is whole at the end."""

    def __init__(
        self, model: LanguageModel, tokenizer: Tokenizer, prompt: str, params: SamplingParams
    ) -> None:
        if not prompt.strip():
            raise KvistError("prompt", "some text", "an empty prompt")
        prompt_tokens = tokenizer.encode(prompt)
        self.result = Generation(num_prompt_tokens=len(prompt_tokens))
        self._pieces = self._run(generate_tokens(model, prompt_tokens, params), tokenizer, params)

    def __next__(self) -> str:
        return next(self._pieces)

    def _run(self, tokens: Iterator[int], tokenizer: Tokenizer, params: SamplingParams) -> Iterator[str]:
        decoder, matcher = StreamDecoder(tokenizer), StopMatcher(params.stop)
        for token in self._timed(tokens):
            if token in tokenizer.eos_ids:
                self.result.finish_reason = "stop"
                break
            self.result.tokens.append(token)
            yield from self._emit(matcher.add(decoder.add(token)))
            if matcher.stopped:
                self.result.finish_reason = "stop"
                return
        yield from self._emit(matcher.add(decoder.flush()) + matcher.flush())

    def _timed(self, tokens: Iterator[int]) -> Iterator[int]:
        """The same tokens; time counts inside the model only, not in whoever reads the stream."""
        started = time.perf_counter()
        for index, token in enumerate(tokens):
            elapsed = time.perf_counter() - started
            if index == 0:
                self.result.prefill_seconds = elapsed
            else:
                self.result.decode_seconds += elapsed
                self.result.num_decoded_tokens = index
            yield token
            started = time.perf_counter()

    def _emit(self, piece: str) -> Iterator[str]:
        if piece:
            self.result.text += piece
            yield piece


def stream(
    model: LanguageModel, tokenizer: Tokenizer, prompt: str, params: SamplingParams | None = None
) -> TextStream:
    """Continue `prompt`, as an iterator of text pieces; `.result` has tokens, finish reason and timings.

    Raises KvistError on an empty prompt, or one too long for the model.
    """
    return TextStream(model, tokenizer, prompt, params or SamplingParams())


def generate(
    model: LanguageModel, tokenizer: Tokenizer, prompt: str, params: SamplingParams | None = None
) -> Generation:
    """Continue `prompt` and return everything at once; see `stream`."""
    pieces = stream(model, tokenizer, prompt, params)
    for _ in pieces:
        pass
    return pieces.result
