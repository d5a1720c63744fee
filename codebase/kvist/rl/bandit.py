"""The smallest policy that GRPO can train: one softmax over a few arms, of which one is right."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.rl.grpo import group_advantage, grpo_loss


def train_bandit(
    *,
    num_arms: int = 10,
    correct: int = 3,
    group_size: int = 16,
    steps: int = 150,
    learning_rate: float = 0.5,
    seed: int = 0,
) -> list[float]:
    """Probability of the right arm before each step and after the last one: steps + 1 numbers.

    A step samples `group_size` arms (outputs of one token), rewards the right one with 1 and the others with
    0, and makes one plain gradient step on `grpo_loss`, so the ratio is 1 and nothing is clipped. The same
    seed gives the same history. Raises KvistError when `correct` is not an arm.
    """
    if not 0 <= correct < num_arms:
        raise KvistError("train_bandit", f"a correct arm from 0 to {num_arms - 1}", str(correct))
    logits, key = mx.zeros((num_arms,)), mx.random.key(seed)
    history = [1 / num_arms]
    for _ in range(steps):
        key, draw = mx.random.split(key)
        arms = mx.random.categorical(logits, shape=(group_size,), key=draw)
        gradient = mx.grad(_loss)(logits, logits, arms, group_advantage(arms == correct))
        logits = logits - learning_rate * gradient
        history.append(mx.softmax(logits)[correct].item())  # type: ignore[arg-type]  # a real number
    return history


def _loss(logits: mx.array, old_logits: mx.array, arms: mx.array, advantages: mx.array) -> mx.array:
    """`grpo_loss` of outputs of one token each."""
    logprobs, old_logprobs = (_log_softmax(x)[arms][:, None] for x in (logits, old_logits))
    return grpo_loss(logprobs, old_logprobs, advantages, mx.ones(logprobs.shape, mx.bool_))


def _log_softmax(logits: mx.array) -> mx.array:
    return logits - mx.logsumexp(logits)
