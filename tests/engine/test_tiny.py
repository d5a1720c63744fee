"""Guards the committed checkpoint: it loads, it has learned what its README claims, it writes sound text."""

import mlx.core as mx
import pytest

from kvist.decode import SamplingParams, generate
from kvist.models import load_model, tiny_path
from kvist.text import train_bpe
from kvist.train import held_out_loss, token_stream, unigram_loss
from kvist.train.tiny import END_OF_TEXT, SETTINGS, VOCAB_SIZE, tiny_corpus

# Nats per token; the README says what was measured. Guessing evenly costs log(1536) = 7.34.
HELD_OUT_BOUND = 4.15
PROMPTS = ("The KV cache", "KV 缓存")


@pytest.fixture(scope="module")
def tiny():
    return load_model(tiny_path())


@pytest.fixture(scope="module")
def corpus():
    return tiny_corpus()


def stream(documents, tokenizer):
    (end,) = tokenizer.eos_ids
    return token_stream(documents, tokenizer.encode, end)


def test_text_that_was_never_trained_on_costs_less_than_the_bound(tiny, corpus):
    model, tokenizer = tiny
    held_out = stream(corpus.held_out, tokenizer)
    loss = held_out_loss(model, held_out, SETTINGS.length)
    assert loss < HELD_OUT_BOUND
    assert loss < unigram_loss(stream(corpus.training, tokenizer), held_out, VOCAB_SIZE) - 2


def leave_out_qk_norm(model):
    for layer in model.model.layers:
        layer.self_attn.q_norm = layer.self_attn.k_norm = None


def reverse_the_layers(model):
    model.model.layers = model.model.layers[::-1]


def rotate_all_pairs_alike(model):
    for layer in model.model.layers:
        layer.self_attn.rope_base = 1.0


def read_the_heads_in_another_order(model):
    for layer in model.model.layers:
        attention = layer.self_attn
        attention.k_proj.weight = mx.roll(attention.k_proj.weight, attention.head_dim, axis=0)


@pytest.mark.parametrize(
    "damage",
    [leave_out_qk_norm, reverse_the_layers, rotate_all_pairs_alike, read_the_heads_in_another_order],
    ids=lambda damage: damage.__name__,
)
def test_a_model_with_one_wrong_detail_fails_the_bound(tiny, corpus, damage):
    _, tokenizer = tiny
    broken, _ = load_model(tiny_path())
    damage(broken)
    assert held_out_loss(broken, stream(corpus.held_out, tokenizer), SETTINGS.length) > HELD_OUT_BOUND


def test_held_out_paragraphs_are_not_in_the_training_text(corpus):
    assert len(corpus.held_out) >= 30
    assert not set(corpus.held_out) & set(corpus.training)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_greedy_text_is_stable_and_made_of_whole_characters_and_known_words(tiny, corpus, prompt):
    model, tokenizer = tiny
    first, second = (generate(model, tokenizer, prompt, SamplingParams(max_tokens=60)) for _ in range(2))
    assert first.tokens == second.tokens and first.text == second.text
    assert len(first.tokens) >= 10 and "\ufffd" not in first.text
    known = "\n".join(corpus.training)
    words = first.text.replace(".", " ").replace(",", " ").replace("，", " ").replace("。", " ").split()
    assert words and all(word in known for word in words)


def test_sampled_text_follows_its_seed(tiny):
    model, tokenizer = tiny
    texts = [
        generate(model, tokenizer, PROMPTS[0], SamplingParams(temperature=1.0, seed=seed, max_tokens=30)).text
        for seed in (0, 0, 1)
    ]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.slow
def test_the_tokenizer_is_the_one_that_the_recipe_trains(tiny, corpus):
    _, tokenizer = tiny
    ours = train_bpe(END_OF_TEXT.join(corpus.prose), VOCAB_SIZE, [END_OF_TEXT])
    assert ours.vocab_size == tokenizer.vocab_size == VOCAB_SIZE
    for text in (*corpus.held_out, "never seen: Ω 🙂 龘", f"a{END_OF_TEXT}b"):
        assert tokenizer.encode(text) == ours.encode(text)
        assert tokenizer.decode(tokenizer.encode(text), skip_special_tokens=False) == text


def test_the_checkpoint_is_small_and_complete():
    files = {path.name: path.stat().st_size for path in tiny_path().iterdir()}
    assert sum(files.values()) < 4.2e6 and files["model.safetensors"] < 4e6
    assert files.keys() == {
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_weights_are_finite(tiny):
    model, _ = tiny
    assert mx.all(mx.isfinite(model(mx.arange(256)[None])))
