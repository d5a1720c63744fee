"""Guards sampling: each filter keeps what its definition says, row by row; draws follow the probabilities."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kvist.decode import SamplingParams, filter_logits, sample
from kvist.decode.sampling import keep_min_p, keep_top_k, keep_top_p
from kvist.errors import KvistError

KEY = mx.random.key(0)
LOGITS = arrays(
    np.float32, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.floats(-8, 8, width=16)
)
PARAMS = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.3, 1.0, 2.5]),
    top_k=st.integers(0, 14),
    top_p=st.sampled_from([0.05, 0.5, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.1, 0.7, 1.0]),
)
quick = settings(deadline=None, max_examples=settings().max_examples * 3 // 5)


def kept(logits: mx.array) -> np.ndarray:
    return np.array(logits) > -np.inf


def softmax(row: np.ndarray) -> np.ndarray:
    exponentials = np.exp(row.astype(np.float64) - row.max())
    return exponentials / exponentials.sum()


@quick
@given(LOGITS, st.integers(1, 14))
def test_top_k_keeps_exactly_k_of_each_row(logits: np.ndarray, k: int) -> None:
    for row, mask in zip(logits, kept(keep_top_k(mx.array(logits), k)), strict=True):
        best = sorted(range(len(row)), key=lambda token: (-row[token], token))[:k]
        assert set(np.flatnonzero(mask)) == set(best)


@quick
@given(LOGITS, st.floats(0.01, 0.99))
def test_top_p_keeps_the_shortest_run_that_reaches_p(logits: np.ndarray, p: float) -> None:
    for row, mask in zip(logits, kept(keep_top_p(mx.array(logits), p)), strict=True):
        probabilities = softmax(row)
        inside, outside = probabilities[mask], probabilities[~mask]
        assert inside.size and inside.min() >= outside.max(initial=0) - 1e-9
        assert inside.sum() >= p - 1e-5  # it reaches p …
        assert inside.sum() - inside.min() < p + 1e-5  # … and without its last token it does not


@quick
@given(LOGITS, st.sampled_from([0.001, 0.1, 0.5, 1.0]))
def test_min_p_keeps_what_is_near_the_best(logits: np.ndarray, min_p: float) -> None:
    for row, mask in zip(logits, kept(keep_min_p(mx.array(logits), min_p)), strict=True):
        ratio = softmax(row) / softmax(row).max()
        clear = np.abs(ratio - min_p) > 1e-5  # at the threshold itself rounding decides
        assert np.array_equal(mask[clear], (ratio >= min_p)[clear])
        assert mask[row.argmax()]


@quick
@given(LOGITS, PARAMS)
def test_rows_do_not_touch_each_other(logits: np.ndarray, params: SamplingParams) -> None:
    together = np.array(filter_logits(mx.array(logits), params))
    alone = [np.array(filter_logits(mx.array(row[None]), params))[0] for row in logits]
    assert np.array_equal(together, np.stack(alone))
    assert (together > -np.inf).any(axis=-1).all()


@quick
@given(LOGITS, PARAMS, st.integers(0, 5))
def test_draws_are_kept_tokens(logits: np.ndarray, params: SamplingParams, seed: int) -> None:
    key = mx.random.key(seed)
    tokens = sample(mx.array(logits), params, key)
    assert tokens.shape == (len(logits),)
    mask = kept(filter_logits(mx.array(logits), params))
    assert all(mask[row, token] for row, token in enumerate(tokens.tolist()))
    assert sample(mx.array(logits), params, key).tolist() == tokens.tolist()


def test_top_k_one_of_a_batch_is_greedy_in_each_row() -> None:
    # a mask that is the union over rows would let the rows swap their best tokens
    logits = mx.log(mx.array([[0.7, 0.2, 0.1, 1e-9], [1e-9, 0.1, 0.2, 0.7]]))
    params = SamplingParams(temperature=1.0, top_k=1)
    assert {tuple(sample(logits, params, mx.random.key(seed)).tolist()) for seed in range(50)} == {(0, 3)}


def test_greedy_ignores_the_seed() -> None:
    logits = mx.array([[0.0, 2.0, 2.0], [3.0, 0.0, 1.0]])
    for seed in range(5):
        assert sample(logits, SamplingParams(), mx.random.key(seed)).tolist() == [1, 0]


def test_order_temperature_then_top_k_then_top_p_then_min_p() -> None:
    probabilities = mx.array([[0.4, 0.3, 0.2, 0.1]])
    logits = mx.log(probabilities)
    # top-p sees what top-k left, renormalised: 0.4 / 0.7 = 0.57 reaches 0.55; of all four it takes two
    both = SamplingParams(temperature=1.0, top_k=2, top_p=0.55)
    assert kept(filter_logits(logits, both)).tolist() == [[True, False, False, False]]
    assert kept(keep_top_p(logits, 0.55)).tolist() == [[True, True, False, False]]
    # the temperature comes before top-p: at 0.5 the best token has 0.16 / 0.3 = 0.53
    cold = SamplingParams(temperature=0.5, top_p=0.5)
    assert kept(filter_logits(logits, cold)).tolist() == [[True, False, False, False]]
    # and before min-p: at 2 the last token has sqrt(0.1 / 0.4) = 0.5 of the best
    warm = SamplingParams(temperature=2.0, min_p=0.45)
    assert kept(filter_logits(logits, warm)).all()


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.9])
def test_draws_follow_the_probabilities(temperature: float) -> None:
    row = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    count = 20_000
    tokens = sample(
        mx.broadcast_to(mx.array(row, dtype=mx.float32), (count, 4)),
        SamplingParams(temperature=temperature),
        KEY,
    )
    measured = np.bincount(np.array(tokens), minlength=4) / count
    expected = softmax(row / temperature)
    # five standard deviations of a share of `count` draws
    assert (np.abs(measured - expected) < 5 * np.sqrt(expected / count)).all()


@pytest.mark.parametrize("temperature", [1e-300, 1e-36, 1e-6])
def test_tiny_temperature_is_greedy_and_not_nan(temperature: float) -> None:
    logits = mx.array([[1.0, 500.0, 499.9, -3.0]])
    filtered = filter_logits(logits, SamplingParams(temperature=temperature))
    assert not np.isnan(np.array(filtered)).any()
    assert sample(logits, SamplingParams(temperature=temperature), KEY).tolist() == [1]


def test_masked_logits_are_never_drawn() -> None:
    logits = mx.array([[-mx.inf, 0.0, -mx.inf, 0.0]] * 100)
    params = SamplingParams(temperature=5.0, top_k=3, top_p=0.99, min_p=0.01)
    assert set(sample(logits, params, KEY).tolist()) == {1, 3}


def test_refuses_logits_without_a_batch() -> None:
    with pytest.raises(KvistError, match=r"\[sample\] need logits of shape \(B, V\), got shape \(4,\)"):
        sample(mx.zeros(4), SamplingParams(), KEY)
