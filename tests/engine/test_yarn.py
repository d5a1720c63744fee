"""Guards YaRN: fast pairs keep their frequency, slow ones are divided by the factor, between them a ramp."""

import math

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.ops import yarn_frequencies, yarn_temperature


def test_by_parts() -> None:
    dims, base, context, factor = 128, 10000.0, 4096, 16.0
    got = yarn_frequencies(dims, base=base, factor=factor, original_context=context).tolist()
    for pair, frequency in enumerate(got):
        trained = base ** (-2 * pair / dims)
        turns = context * trained / (2 * math.pi)
        assert trained / factor * (1 - 1e-5) <= frequency <= trained * (1 + 1e-5)
        if turns > 32 * 1.2:
            assert frequency == pytest.approx(trained, rel=1e-5)
        if turns < 0.8:
            assert frequency == pytest.approx(trained / factor, rel=1e-5)
    assert got == sorted(got, reverse=True)


def test_without_a_factor_nothing_changes() -> None:
    got = yarn_frequencies(64, factor=1.0, original_context=2048)
    assert mx.allclose(got, 10000.0 ** (-mx.arange(0, 64, 2) / 64), rtol=1e-6)
    assert yarn_temperature(1.0) == 1.0 and yarn_temperature(16.0) == pytest.approx(1.277259)


def test_bad_sizes() -> None:
    with pytest.raises(KvistError, match="need even dims"):
        yarn_frequencies(7, factor=2.0, original_context=10)
