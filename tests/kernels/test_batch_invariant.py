"""Guards batch invariance of the Metal kernels: bits follow the batch in one form and stay in the other."""

from collections.abc import Callable

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.metal import Launch
from kvist.numerics import bits_differ
from kvist.ops import (
    attention,
    batch_invariant_attention,
    batch_invariant_matmul,
    batch_invariant_rms_norm,
    rms_norm,
)
from kvist.ops.metal import batch_invariant as calls

pytestmark = pytest.mark.usefixtures("emulator")

BATCHES, ROWS = (2, 5, 10), 6


def normal(seed: int, *shape: int) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed))


# The root halves what the sum has lost: of RMSNorm few rows show it, and this scale has more of them.
X, WEIGHT = 3 * normal(0, 16, 1000), normal(1, 1000)
A, B = normal(2, 16, 700), normal(3, 700, 33)
Q, K, V = normal(4, 16, 1, 1, 32), normal(5, 16, 1, 230, 32), normal(6, 16, 1, 230, 32)

# How some rows are computed; SIMD-groups for each of them, or as many as the batch leaves.
CALLS: dict[str, Callable[[slice, str, int | None], Launch]] = {
    "rms_norm": lambda rows, version, groups: calls.rms_norm(X[rows], WEIGHT, 1e-6, version, groups),
    "matmul": lambda rows, version, groups: calls.matmul(A[rows], B, version, groups),
    "attention": lambda rows, version, groups: calls.attention(
        Q[rows], K[rows], V[rows], 0.2, causal=True, version=version, simdgroups=groups
    ),
}


def row(version: str, number: int, batch: int, simdgroups: int | None = None) -> mx.array:
    """A row of a batch that begins with it."""
    make = CALLS[next(op for op in CALLS if version.startswith(op))]
    return make(slice(number, number + batch), version, simdgroups).emulate().outputs["out"][:1]


@pytest.mark.parametrize("version", calls.VERSIONS)
def test_bits_of_a_row_in_other_company(version):
    moved = {batch: 0 for batch in BATCHES}
    for number in range(ROWS):
        alone = row(version, number, 1)
        for batch in BATCHES:
            other = row(version, number, batch)
            assert mx.allclose(other, alone, rtol=1e-4, atol=1e-5)
            moved[batch] += bits_differ(other, alone)
    if version.endswith("_chunks"):
        assert not any(moved.values())
    else:
        assert any(moved.values()), "this version is here to show that the batch decides"


@pytest.mark.parametrize("version", [v for v in calls.VERSIONS if v.endswith("_chunks")])
def test_any_number_of_simdgroups_gives_the_same_bits(version):
    rows = [row(version, 0, 1, simdgroups) for simdgroups in (1, 2, 3, 7, 16)]
    assert [bits_differ(r, rows[0]) for r in rows] == [0] * 5


def test_matmul_has_the_bits_of_the_readable_one():
    """Chunks of 32 in order, each product and sum rounded: the emulator never fuses them."""
    assert bits_differ(row("matmul_chunks", 0, 5), batch_invariant_matmul(A[:1], B)) == 0


def test_a_query_has_the_same_bits_in_prefill_in_a_chunk_and_in_decode():
    """Keys that it does not see add exactly nothing."""
    q, k, v = normal(7, 1, 2, 70, 32), normal(8, 1, 1, 70, 32), normal(9, 1, 1, 70, 32)

    def run(begin: int, end: int) -> mx.array:
        launch = calls.attention(q[:, :, begin:end], k[:, :, :end], v[:, :, :end], 0.2, causal=True)
        return launch.emulate().outputs["out"]

    whole = run(0, 70)
    assert bits_differ(run(30, 70), whole[:, :, 30:]) == 0
    for position in (0, 31, 32, 69):
        assert bits_differ(run(position, position + 1), whole[:, :, position : position + 1]) == 0


def test_the_operators_run_them():
    got = batch_invariant_rms_norm(X.reshape(2, 8, 1000), WEIGHT, implementation="metal")
    assert mx.allclose(got.reshape(16, 1000), rms_norm(X, WEIGHT, implementation="reference"), atol=1e-5)
    q, k, v = normal(10, 2, 4, 3, 20), normal(11, 2, 2, 50, 20), normal(12, 2, 2, 50, 20)
    for mask in (None, "causal"):
        got = batch_invariant_attention(q, k, v, mask=mask, implementation="metal")
        assert mx.allclose(got, attention(q, k, v, mask=mask, implementation="reference"), atol=1e-5)


def test_what_the_kernels_have_not_is_refused():
    q, k = mx.zeros((1, 1, 3, 8)), mx.zeros((1, 1, 2, 8))
    for message, call in {
        "need implementation reference, metal, got 'cpp'": lambda: batch_invariant_matmul(
            A, B, implementation="cpp"
        ),
        'need block_k=32 for implementation="metal", got 16': lambda: batch_invariant_matmul(
            A, B, block_k=16, implementation="metal"
        ),
        'need mask None or "causal" for implementation="metal"': lambda: batch_invariant_attention(
            q, q, q, mask=mx.ones((3, 3), mx.bool_), implementation="metal"
        ),
        "need a head_dim of at most 128, got 130": lambda: batch_invariant_attention(
            *[mx.zeros((1, 1, 2, 130))] * 3, implementation="metal"
        ),
        "need a key for each query of causal attention, got L=3, S=2": lambda: calls.attention(
            q, k, k, 1.0, causal=True
        ),
        "need version rms_norm, rms_norm_chunks, got 'fast'": lambda: calls.rms_norm(X, WEIGHT, 0.0, "fast"),
    }.items():
        with pytest.raises(KvistError) as caught:
            call()
        assert message in str(caught.value)
