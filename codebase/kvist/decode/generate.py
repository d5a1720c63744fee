"""Generating: prefill the prompt, then decode one token at a time with a KV cache."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import mlx.core as mx

from kvist.cache import BaseKVCache
from kvist.decode.params import SamplingParams
from kvist.decode.sampling import sample
from kvist.errors import KvistError

PREFILL_CHUNK = 512


class LanguageModel(Protocol):
    """What decoding needs of a model."""

    @property
    def vocab_size(self) -> int: ...

    @property
    def context_length(self) -> int:
        """Most tokens, prompt and answer together, that the model was made for."""

    def __call__(self, tokens: mx.array, cache: list[BaseKVCache] | None = None) -> mx.array:
        """tokens (B, L) -> logits (B, L, V)."""

    def make_cache(self) -> list[BaseKVCache]:
        """An empty cache for each layer."""


def prefill(
    model: LanguageModel, tokens: Sequence[int], cache: list[BaseKVCache], chunk: int = PREFILL_CHUNK
) -> mx.array:
    """Run the prompt through the model, `chunk` tokens at a time; logits (1, V) after its last token.

    All but the last token are only run for their keys and values: evaluation is lazy, so the output layer,
    the largest matmul of a small model, is never computed for them.
    """
    for start in range(0, len(tokens) - 1, chunk):
        model(mx.array([tokens[start : min(start + chunk, len(tokens) - 1)]]), cache)
        mx.eval([layer.state for layer in cache])
    return decode_step(model, tokens[-1], cache)


def decode_step(model: LanguageModel, token: int, cache: list[BaseKVCache]) -> mx.array:
    """Append one token to the cache; logits (1, V) for the next."""
    return model(mx.array([[token]]), cache)[:, -1]


def generate_tokens(model: LanguageModel, prompt: Sequence[int], params: SamplingParams) -> Iterator[int]:
    """New token ids, one at a time, up to `params.max_tokens` or the model's context; stops at nothing else.

    Raises KvistError, when the first token is asked for, on an empty prompt, ids outside the vocabulary, or
    a prompt that leaves no room for an answer.
    """
    _check_prompt(model, prompt)
    cache = model.make_cache()
    key = mx.random.key(params.seed)
    logits = prefill(model, prompt, cache)
    limit = min(params.max_tokens, model.context_length - len(prompt))
    for step in range(limit):
        key, draw = mx.random.split(key)
        token = int(sample(logits, params, draw))
        yield token
        if step + 1 < limit:
            logits = decode_step(model, token, cache)


def _check_prompt(model: LanguageModel, prompt: Sequence[int]) -> None:
    if not prompt:
        raise KvistError("prompt", "at least one token", "none")
    unknown = [token for token in prompt if not 0 <= token < model.vocab_size]
    if unknown:
        hint = "does tokenizer.json belong to this model?"
        raise KvistError(
            "prompt", f"token ids below the vocabulary size {model.vocab_size}", str(unknown[0]), hint
        )
    if len(prompt) >= model.context_length:
        need = f"fewer tokens than the model's context of {model.context_length}"
        raise KvistError("prompt", need, str(len(prompt)), "shorten the prompt")
