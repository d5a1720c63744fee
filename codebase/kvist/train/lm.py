"""Train a language model on a stream of tokens: one readable loop for small models.

The loss is the mean negative log-likelihood of the next token, in nats. The optimizer is AdamW (Loshchilov
and Hutter 2019, arXiv:1711.05101) with a linear warm-up, a cosine decay and clipping by the global norm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from kvist.errors import KvistError


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How long, how fast and on what windows to train."""

    steps: int
    batch_size: int = 16
    length: int = 128
    """Tokens that the model reads in each window (L)."""
    learning_rate: float = 3e-3
    """The highest rate, reached at the end of the warm-up; the cosine ends at a tenth of it."""
    warmup_steps: int = 20
    weight_decay: float = 0.1
    clip_norm: float = 1.0
    input_noise: float = 0.0
    """Share of the tokens read that are replaced by others, drawn by their frequency; the targets stay.

    It slows learning by heart (Xie et al. 2017, arXiv:1703.02573, unigram noising).
    """
    seed: int = 0
    """Seed of the windows drawn. The caller seeds the model's first weights."""
    evaluate_every: int = 50


@dataclass(frozen=True, slots=True)
class TrainReport:
    """Where training stands after `step` steps; losses in nats per token."""

    step: int
    train_loss: float
    """Mean over the steps since the last report."""
    held_out_loss: float | None


def next_token_loss(model: nn.Module, inputs: mx.array, targets: mx.array) -> mx.array:
    """Mean loss of predicting `targets` (B, L) after reading `inputs` (B, L)."""
    logits = model(inputs)
    logits = logits - mx.stop_gradient(logits.max(axis=-1, keepdims=True))
    # not mx.logsumexp: its gradient computes the exponentials a second time, the costliest part on a CPU
    log_normaliser = mx.log(mx.exp(logits).sum(axis=-1))
    chosen = mx.take_along_axis(logits, mx.expand_dims(targets, -1), axis=-1).squeeze(-1)
    return (log_normaliser - chosen).mean()


def held_out_loss(model: nn.Module, tokens: np.ndarray, length: int) -> float:
    """Loss over the stream `tokens` (T,), cut into windows of `length`; every token but the first counts."""
    total = 0.0
    for start in range(0, len(tokens) - 1, length):
        window = mx.array(tokens[None, start : start + length + 1])
        loss = float(next_token_loss(model, window[:, :-1], window[:, 1:]))
        total += loss * (window.shape[1] - 1)
    return total / (len(tokens) - 1)


def unigram_loss(train_tokens: np.ndarray, tokens: np.ndarray, vocab_size: int) -> float:
    """Loss on `tokens` of knowing only how frequent each token is in training (counts plus one).

    What a model must beat to have learned anything about order.
    """
    counts = np.bincount(train_tokens, minlength=vocab_size) + 1
    return float(-np.log(counts / counts.sum())[tokens[1:]].mean())


def train(
    model: nn.Module,
    tokens: np.ndarray,
    settings: TrainSettings,
    *,
    held_out: np.ndarray | None = None,
    report: Callable[[TrainReport], None] | None = None,
) -> list[TrainReport]:
    """Train `model` in place on random windows of `tokens` (T,) and return the reports made on the way.

    The same model, tokens and settings give the same weights on the same machine.
    """
    if len(tokens) <= settings.length:
        raise KvistError(
            "train", f"more than {settings.length} tokens", str(len(tokens)), "lower settings.length"
        )
    optimizer = optim.AdamW(
        learning_rate=_schedule(settings), betas=[0.9, 0.95], weight_decay=settings.weight_decay
    )
    loss_and_gradients = nn.value_and_grad(model, partial(next_token_loss, model))
    random = np.random.default_rng(settings.seed)
    reports: list[TrainReport] = []
    losses: list[float] = []
    for step in range(1, settings.steps + 1):
        loss, gradients = loss_and_gradients(*_draw_windows(tokens, settings, random))
        gradients, _ = optim.clip_grad_norm(gradients, settings.clip_norm)
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state, loss)
        losses.append(loss.item())
        if step % settings.evaluate_every == 0 or step == settings.steps:
            unseen = None if held_out is None else held_out_loss(model, held_out, settings.length)
            reports.append(TrainReport(step, float(np.mean(losses)), unseen))
            losses.clear()
            if report:
                report(reports[-1])
    return reports


def _schedule(settings: TrainSettings) -> Callable[[mx.array], mx.array]:
    warmup = min(settings.warmup_steps, settings.steps - 1)
    decay_steps = max(settings.steps - warmup, 1)
    decay = optim.cosine_decay(settings.learning_rate, decay_steps, settings.learning_rate / 10)
    if not warmup:
        return decay
    rise = optim.linear_schedule(settings.learning_rate / warmup, settings.learning_rate, warmup)
    return optim.join_schedules([rise, decay], [warmup])


def _draw_windows(
    tokens: np.ndarray, settings: TrainSettings, random: np.random.Generator
) -> tuple[mx.array, mx.array]:
    """Inputs and targets, each (B, L): windows that start anywhere in the stream."""
    starts = random.integers(0, len(tokens) - settings.length, settings.batch_size)
    windows = tokens[starts[:, None] + np.arange(settings.length + 1)]
    inputs = windows[:, :-1]
    noisy = random.random(inputs.shape) < settings.input_noise
    inputs = np.where(noisy, random.choice(tokens, inputs.shape), inputs)
    return mx.array(inputs), mx.array(windows[:, 1:])
