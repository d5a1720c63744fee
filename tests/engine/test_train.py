"""Guards the training loop: gradients reach every weight, steps lower the loss, a seed repeats a run."""

from dataclasses import replace

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten

from kvist.errors import KvistError
from kvist.models import Qwen3, Qwen3Config, load_model
from kvist.text import Tokenizer, train_bpe
from kvist.train import (
    TrainSettings,
    held_out_loss,
    next_token_loss,
    save_checkpoint,
    train,
    unigram_loss,
)

VOCAB_SIZE = 20
SETTINGS = TrainSettings(
    steps=30, batch_size=8, length=24, learning_rate=1e-2, warmup_steps=5, evaluate_every=10
)
# The next token is fixed by the last two: word frequencies do not help, order does.
TOKENS = np.array([(i * i) % 19 for i in range(600)], dtype=np.int32)


def small_model(seed: int = 0) -> Qwen3:
    mx.random.seed(seed)
    sizes = dict(vocab_size=VOCAB_SIZE, hidden_size=32, intermediate_size=48, num_hidden_layers=2)
    heads = dict(num_attention_heads=4, num_key_value_heads=2, head_dim=8)
    return Qwen3(Qwen3Config(**sizes, **heads, rope_theta=10000.0))


def weights(model: Qwen3) -> dict[str, mx.array]:
    return dict(tree_flatten(model.parameters()))


def test_every_weight_gets_the_gradient_that_finite_differences_give():
    model = small_model()
    inputs, targets = mx.array(TOKENS[None, :12]), mx.array(TOKENS[None, 1:13])

    def loss() -> mx.array:
        return next_token_loss(model, inputs, targets)

    _, gradients = nn.value_and_grad(model, loss)()
    for name, gradient in tree_flatten(gradients):
        norm = mx.linalg.norm(gradient).item()
        assert norm > 0, name
        before = weights(model)[name]
        step = 2e-2 / norm  # along the gradient the loss changes by about norm for each unit
        rise = []
        for sign in (1, -1):
            model.load_weights([(name, before + sign * step * gradient / norm)], strict=False)
            rise.append(loss().item())
        model.load_weights([(name, before)], strict=False)
        assert (rise[0] - rise[1]) / (2 * step) == pytest.approx(norm, rel=0.05), name


def test_a_few_steps_learn_more_than_token_frequencies_and_generalise():
    model, held_out = small_model(), TOKENS[400:]
    seen = []
    reports = train(model, TOKENS[:400], SETTINGS, held_out=held_out, report=seen.append)
    assert reports == seen and [report.step for report in reports] == [10, 20, 30]
    assert reports[-1].train_loss < reports[0].train_loss
    assert reports[-1].held_out_loss == held_out_loss(model, held_out, SETTINGS.length)
    assert reports[-1].held_out_loss < unigram_loss(TOKENS[:400], held_out, VOCAB_SIZE) - 0.5


def test_the_same_seed_gives_the_same_weights_and_another_seed_does_not():
    short = replace(SETTINGS, steps=3, input_noise=0.2)
    runs = [(0, short), (0, short), (0, replace(short, seed=1))]
    trained = [small_model(seed) for seed, _ in runs]
    for model, (_, settings) in zip(trained, runs, strict=True):
        train(model, TOKENS, settings)
    first, again, other = map(weights, trained)
    assert all(mx.array_equal(first[name], again[name]) for name in first)
    assert not all(mx.array_equal(first[name], other[name]) for name in first)


def test_held_out_loss_counts_each_token_once():
    class Uniform(nn.Module):
        def __call__(self, tokens: mx.array) -> mx.array:
            return mx.zeros((*tokens.shape, VOCAB_SIZE))

    for length in (7, 24, 1000):
        assert held_out_loss(Uniform(), TOKENS, length) == pytest.approx(np.log(VOCAB_SIZE), rel=1e-5)


def test_unigram_loss_of_equally_frequent_tokens_is_the_logarithm_of_their_number():
    tokens = np.arange(8, dtype=np.int32)
    assert unigram_loss(tokens, tokens, 8) == pytest.approx(np.log(8))


def test_a_saved_checkpoint_loads_with_equal_logits(tmp_path):
    model = small_model()
    bpe = train_bpe("the cache, the keys and the values", 300, ["<end>"])
    save_checkpoint(model, bpe, tmp_path, end_of_text="<end>")
    loaded, tokenizer = load_model(tmp_path)
    tokens = mx.array(TOKENS[None, :20])
    assert mx.array_equal(loaded(tokens), model(tokens))
    assert isinstance(tokenizer, Tokenizer) and tokenizer.eos_ids == {bpe.token_id("<end>")}
    assert tokenizer.encode("the cache") == bpe.encode("the cache")


def test_too_little_text_is_refused():
    with pytest.raises(KvistError, match="more than 24 tokens"):
        train(small_model(), TOKENS[:24], SETTINGS)
