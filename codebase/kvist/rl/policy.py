"""A language model as a policy: sample outputs for a batch of prompts, and say how likely each token was."""

import mlx.core as mx
import mlx.nn as nn

from kvist.errors import KvistError


def sample_outputs(model: nn.Module, prompts: mx.array, length: int, *, key: mx.array) -> mx.array:
    """`length` tokens drawn after each prompt at temperature 1: prompts (N, P) -> outputs (N, T), int32.

    Every step reads the whole sequence again: for the short outputs of an experiment a KV cache would not
    pay. The same key gives the same outputs. Raises KvistError on prompts that are not (N, P), or length < 1.
    """
    if prompts.ndim != 2 or length < 1:
        raise KvistError("sample_outputs", "prompts (N, P), length >= 1", f"{prompts.shape}, length={length}")
    tokens = prompts.astype(mx.int32)
    for draw in mx.random.split(key, length):
        token = mx.random.categorical(model(tokens)[:, -1], key=draw)
        tokens = mx.concatenate([tokens, token[:, None].astype(mx.int32)], axis=1)
    return tokens[:, prompts.shape[1] :]


def output_logprobs(model: nn.Module, prompts: mx.array, outputs: mx.array) -> mx.array:
    """Log-probability of each token of the outputs: prompts (N, P), outputs (N, T) -> (N, T), nats.

    Differentiable in the model's parameters: what `grpo_loss` takes. Raises KvistError when the shapes do not
    fit.
    """
    if prompts.ndim != 2 or outputs.ndim != 2 or len(prompts) != len(outputs):
        got = f"{prompts.shape} and {outputs.shape}"
        raise KvistError("output_logprobs", "prompts (N, P) and outputs (N, T)", got)
    tokens = mx.concatenate([prompts, outputs], axis=1)
    logits = model(tokens[:, :-1])[:, prompts.shape[1] - 1 :]  # (N, T, V): before each token of the output
    chosen = mx.take_along_axis(logits, mx.expand_dims(outputs, -1), axis=-1).squeeze(-1)
    return chosen - mx.logsumexp(logits, axis=-1)
