"""Guards the policy of a language model: what is sampled, and the log-probability of each sampled token."""

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.models import Qwen3, Qwen3Config
from kvist.rl import output_logprobs, sample_outputs


@pytest.fixture(scope="module")
def model() -> Qwen3:
    mx.random.seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "head_dim": 8}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    return Qwen3(Qwen3Config(vocab_size=7, **sizes, **heads))


def test_logprobs_are_those_of_the_model_token_by_token(model: Qwen3) -> None:
    prompts, outputs = mx.array([[1, 2], [3, 4]]), mx.array([[5, 6, 0], [0, 1, 2]])
    found = output_logprobs(model, prompts, outputs)
    for n in range(2):
        tokens = prompts[n].tolist()
        for t, token in enumerate(outputs[n].tolist()):
            expected = mx.log(mx.softmax(model(mx.array([tokens]))[0, -1]))[token]
            assert mx.allclose(found[n, t], expected, atol=1e-5)
            tokens.append(token)


def test_samples_follow_the_distribution_and_the_key(model: Qwen3) -> None:
    prompts = mx.repeat(mx.array([[1, 2]]), 4000, axis=0)
    drawn = sample_outputs(model, prompts, 2, key=mx.random.key(0))
    assert drawn.shape == (4000, 2) and drawn.dtype == mx.int32
    share = mx.array([(drawn[:, 0] == token).mean().item() for token in range(7)])
    assert mx.allclose(share, mx.softmax(model(mx.array([[1, 2]]))[0, -1]), atol=0.03)
    assert mx.array_equal(drawn, sample_outputs(model, prompts, 2, key=mx.random.key(0)))
    assert not mx.array_equal(drawn, sample_outputs(model, prompts, 2, key=mx.random.key(1)))


def test_shapes_that_do_not_fit_are_named(model: Qwen3) -> None:
    with pytest.raises(KvistError, match=r"\[sample_outputs\] need prompts \(N, P\)"):
        sample_outputs(model, mx.array([1, 2]), 2, key=mx.random.key(0))
    with pytest.raises(KvistError, match=r"\[output_logprobs\]"):
        output_logprobs(model, mx.array([[1]]), mx.array([[1], [2]]))
