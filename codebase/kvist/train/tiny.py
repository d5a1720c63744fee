"""The recipe of the small checkpoint in `kvist/assets/tiny`: its corpus, its shape, its settings.

scripts/train_tiny.py follows it; the tests use the same split, so that held-out text stays held out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten

from kvist.models import Qwen3, Qwen3Config
from kvist.train.corpus import expand, hold_out, read_documents
from kvist.train.lm import TrainSettings

END_OF_TEXT = "<|endoftext|>"
VOCAB_SIZE = 1536
SEED = 0
CORPUS = Path(__file__).resolve().parent.parent / "assets" / "tiny_corpus"
HOLD_OUT_EVERY = 10
"""Every tenth paragraph of prose is never trained on."""
VARIANTS = 24
"""Texts drawn from each pattern, before equal ones are dropped."""

SETTINGS = TrainSettings(
    steps=700,
    batch_size=16,
    length=128,
    learning_rate=4e-3,
    warmup_steps=20,
    weight_decay=1.0,  # ten times the usual: the text is read many times over
    input_noise=0.1,
    seed=SEED,
    evaluate_every=50,
)


@dataclass(frozen=True, slots=True)
class TinyCorpus:
    """Paragraphs in both languages."""

    prose: list[str]
    """What was written by hand and is trained on."""
    expanded: list[str]
    """What the patterns give."""
    held_out: list[str]
    """Prose that is never trained on."""

    @property
    def training(self) -> list[str]:
        """Prose and expanded texts, shuffled: next to its own kind a text would be copied, not learned."""
        documents = self.prose + self.expanded
        return [documents[i] for i in np.random.default_rng(SEED).permutation(len(documents))]


def tiny_corpus(folder: str | Path = CORPUS) -> TinyCorpus:
    """The corpus in `folder`, by default our own: prose in en/ and zh/, patterns in patterns/."""
    folder = Path(folder)
    prose, held_out = hold_out(read_documents(folder / "en") + read_documents(folder / "zh"), HOLD_OUT_EVERY)
    random = np.random.default_rng(SEED)
    patterns = read_documents(folder / "patterns")
    expanded = {expand(pattern, random) for pattern in patterns for _ in range(VARIANTS)}
    return TinyCorpus(prose, sorted(expanded), held_out)


def tiny_model() -> Qwen3:
    """The model with its seeded first weights: about a million parameters."""
    mx.random.seed(SEED)
    config = Qwen3Config(
        vocab_size=VOCAB_SIZE,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        rope_theta=10000.0,
        max_position_embeddings=512,
    )
    return Qwen3(config)


_README = """# Kvist tiny

A language model of {parameters:,} parameters in float32, in the shape of Qwen3:
{config.num_hidden_layers} layers, width {config.hidden_size}, {config.num_attention_heads} query heads and
{config.num_key_value_heads} KV heads of {config.head_dim}, SwiGLU of {config.intermediate_size}, QK-norm,
tied embeddings, and a byte-level BPE of {config.vocab_size:,} tokens.
It has read about language models and how they are served, in English and in Chinese, and nothing else.
It is here so that notes, tests and the command line show learned text without a download.
It says true things by habit only.

Made by `scripts/train_tiny.py` from `assets/tiny_corpus`, text written for it: {prose} paragraphs of prose,
{expanded} paragraphs drawn from patterns, and {held_out} paragraphs of prose held out.
{settings.steps} steps of AdamW on {settings.batch_size} windows of {settings.length} tokens,
seed {settings.seed}, {seconds:.0f} s on 2 CPU cores.

| Loss | nats per token |
|---|---|
| All {config.vocab_size:,} tokens equally likely | {uniform:.3f} |
{losses}

Greedy text, the prompt included:

{samples}

Licence: MIT, like the rest of Kvist.
"""


def tiny_readme(
    model: Qwen3,
    corpus: TinyCorpus,
    settings: TrainSettings,
    losses: Mapping[str, float],
    samples: Sequence[str],
    seconds: float,
) -> str:
    """The README of the checkpoint: what it is, how it was made, what was measured."""
    return _README.format(
        parameters=sum(array.size for array in dict(tree_flatten(model.parameters())).values()),
        config=model.config,
        settings=settings,
        prose=len(corpus.prose),
        expanded=len(corpus.expanded),
        held_out=len(corpus.held_out),
        seconds=seconds,
        uniform=math.log(model.config.vocab_size),
        losses="\n".join(f"| {name} | {loss:.3f} |" for name, loss in losses.items()),
        samples="\n\n".join(f"> {sample}" for sample in samples),
    )
