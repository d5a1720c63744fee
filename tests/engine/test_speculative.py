"""Guards speculative decoding: what comes out has exactly the target's distribution."""

import itertools

import mlx.core as mx
import numpy as np
import pytest

from kvist.decode import accept_drafts, expected_tokens, next_distribution
from kvist.errors import KvistError

DRAFT = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
TARGET = np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3], [0.1, 0.8, 0.1]])


def test_the_output_has_the_targets_distribution() -> None:
    """Summed over every draft and every outcome, the first token is distributed as the target's row 0."""
    total = np.zeros(3)
    for token in range(3):
        accepted = min(1.0, TARGET[0, token] / DRAFT[0, token])
        rest = np.array(next_distribution(0, [token, 0], mx.array(DRAFT), mx.array(TARGET)))
        total[token] += DRAFT[0, token] * accepted
        total += DRAFT[0, token] * (1 - accepted) * rest
    assert total == pytest.approx(TARGET[0], abs=1e-6)


def test_acceptance_stops_at_the_first_refusal() -> None:
    draft, target = mx.array(DRAFT), mx.array(TARGET)
    for (a, ua), (b, ub) in itertools.product(itertools.product(range(3), [0.0, 0.45, 0.99]), repeat=2):
        first = ua < min(1, TARGET[0, a] / DRAFT[0, a])
        second = ub < min(1, TARGET[1, b] / DRAFT[1, b])
        assert accept_drafts([a, b], draft, target, [ua, ub]) == (0 if not first else 2 if second else 1)
    assert mx.allclose(next_distribution(2, [0, 0], draft, target), target[2])
    assert mx.allclose(next_distribution(0, [0], target[:1], target[:2]), target[0])


def test_expected_tokens() -> None:
    assert expected_tokens(0.8, 4) == pytest.approx((1 - 0.8**5) / (1 - 0.8))
    assert expected_tokens(1.0, 4) == 5 and expected_tokens(0.0, 4) == 1


def test_bad_input() -> None:
    draft, target = mx.array(DRAFT), mx.array(TARGET)
    with pytest.raises(KvistError, match=r"draft probabilities \(1, V\)"):
        accept_drafts([0], draft, target, [0.5])
    with pytest.raises(KvistError, match=r"target probabilities \(3, 3\)"):
        accept_drafts([0, 1], draft, target[:2], [0.5, 0.5])
    with pytest.raises(KvistError, match="2 uniform numbers"):
        accept_drafts([0, 1], draft, target, [0.5])
    with pytest.raises(KvistError, match="acceptance"):
        expected_tokens(1.5, 2)
