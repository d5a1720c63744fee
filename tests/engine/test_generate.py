"""Guards token generation: chunked prefill, cached decoding, seeds, limits and refusals."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from kvist.decode import SamplingParams, generate_tokens, prefill
from kvist.errors import KvistError
from kvist.models import Qwen3, load_model


@pytest.fixture
def model(oracle: Path) -> Qwen3:
    return load_model(oracle / "qwen3-tied")[0]


PROMPT = [5, 200, 17, 90, 41, 7]


@pytest.mark.parametrize("chunk", [1, 2, 4, 5, 6, 512])
def test_prefill_in_chunks_equals_one_pass(model: Qwen3, chunk: int) -> None:
    cache = model.make_cache()
    logits = prefill(model, PROMPT, cache, chunk)
    assert logits.shape == (1, 256)
    assert [layer.offset for layer in cache] == [6, 6]
    np.testing.assert_allclose(np.array(logits[0]), np.array(model(mx.array([PROMPT]))[0, -1]), atol=1e-5)


def test_greedy_equals_the_whole_pass_again_for_every_token(model: Qwen3) -> None:
    tokens = list(PROMPT)
    for _ in range(12):
        tokens.append(int(model(mx.array([tokens]))[0, -1].argmax().item()))
    assert list(generate_tokens(model, PROMPT, SamplingParams(max_tokens=12))) == tokens[len(PROMPT) :]


def test_seeds(model: Qwen3) -> None:
    def tokens(seed: int) -> list[int]:
        return list(generate_tokens(model, PROMPT, SamplingParams(temperature=1.0, seed=seed, max_tokens=20)))

    assert tokens(1) == tokens(1)
    assert len({tuple(tokens(seed)) for seed in range(4)}) == 4
    mx.random.seed(123)  # the global generator plays no part
    assert tokens(1) == tokens(1)
    assert len(set(tokens(1))) > 10  # every step draws afresh


def test_stops_at_the_end_of_the_context(model: Qwen3) -> None:
    prompt = [3] * 509
    assert len(list(generate_tokens(model, prompt, SamplingParams(max_tokens=20)))) == 3


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ([], "[prompt] need at least one token, got none"),
        ([1, 256], "[prompt] need token ids below the vocabulary size 256, got 256"),
        ([-1], "got -1"),
        ([1] * 512, "[prompt] need fewer tokens than the model's context of 512, got 512"),
    ],
)
def test_refuses_bad_prompts(model: Qwen3, prompt: list[int], message: str) -> None:
    with pytest.raises(KvistError) as caught:
        next(generate_tokens(model, prompt, SamplingParams()))
    assert message in str(caught.value)
