"""Mixture of experts: a router that sends each token to a few of many feed-forward layers."""

from collections.abc import Callable, Sequence

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError


def route(logits: mx.array, num_experts_per_token: int) -> tuple[mx.array, mx.array]:
    """The experts of each token and their weights: logits (N, experts) -> ids and weights, both (N, k).

    The k largest logits, largest first (equal ones by number), and the softmax over just these, so that the
    weights of a token add up to 1; equal to the softmax over all, renormalised.
    Source: Jiang et al. 2024, Mixtral of Experts, section 2.1. Raises KvistError on a bad shape or k.
    """
    if logits.ndim != 2 or not 1 <= num_experts_per_token <= logits.shape[-1]:
        got = f"shape {logits.shape}, k={num_experts_per_token}"
        raise KvistError("route", "logits (N, experts) and k from 1 to their number", got)
    chosen = mx.argsort(-logits, axis=-1)[:, :num_experts_per_token]
    return chosen, mx.softmax(mx.take_along_axis(logits, chosen, axis=-1), axis=-1, precise=True)


def mixture(
    x: mx.array,
    logits: mx.array,
    experts: Sequence[Callable[[mx.array], mx.array]],
    num_experts_per_token: int,
) -> mx.array:
    """Each token's experts, weighted and added: x (N, E), logits (N, experts) -> (N, E).

    Tokens are grouped by expert, so that each expert runs once, on all of its tokens.
    """
    if x.ndim != 2 or logits.shape != (x.shape[0], len(experts)):
        need = f"x (N, E) and logits (N, {len(experts)})"
        raise KvistError("mixture", need, f"x {x.shape}, logits {logits.shape}")
    chosen, weights = route(logits, num_experts_per_token)
    out = mx.zeros_like(x)
    ids = np.array(chosen)
    for number, expert in enumerate(experts):
        rows = [(token, slot) for token, row in enumerate(ids) for slot, e in enumerate(row) if e == number]
        if rows:
            tokens = mx.array([token for token, _ in rows])
            slots = mx.array([slot for _, slot in rows])
            out = out.at[tokens].add(expert(x[tokens]) * weights[tokens, slots][:, None].astype(x.dtype))
    return out


def mixture_reference(
    x: mx.array,
    logits: mx.array,
    experts: Sequence[Callable[[mx.array], mx.array]],
    num_experts_per_token: int,
) -> mx.array:
    """The definition, token by token."""
    chosen, weights = route(logits, num_experts_per_token)
    rows = []
    for token, ids in enumerate(np.array(chosen)):
        outputs = [experts[e](x[token : token + 1]) * weights[token, slot] for slot, e in enumerate(ids)]
        rows.append(mx.sum(mx.concatenate(outputs), axis=0, keepdims=True))
    return mx.concatenate(rows).astype(x.dtype)
