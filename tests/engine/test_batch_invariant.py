"""Guards batch invariance bit for bit: a row alone equals the row in a batch, chunked prefill equals whole.

Only these ops are compared bitwise. Ordinary matmul may or may not be invariant, which depends on the BLAS in
use.
"""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.numerics import bits_differ, sum_in_order
from kvist.ops import (
    attention,
    batch_invariant_attention,
    batch_invariant_matmul,
    batch_invariant_rms_norm,
    rms_norm,
)
from kvist.ops.fixed_order import sum_in_blocks

KEYS = 130


@pytest.fixture(autouse=True)
def seeded() -> None:
    mx.random.seed(0)


def test_matmul_rows_do_not_see_the_batch() -> None:
    a, b = mx.random.normal((16, 512)), mx.random.normal((512, 256))
    whole = batch_invariant_matmul(a, b)
    for rows in range(1, 17):
        assert bits_differ(batch_invariant_matmul(a[:rows], b), whole[:rows]) == 0
        assert bits_differ(batch_invariant_matmul(a[rows - 1 : rows], b), whole[rows - 1 : rows]) == 0
    np.testing.assert_allclose(whole, np.array(a) @ np.array(b), atol=1e-4)


def test_matmul_block_size_is_part_of_the_result() -> None:
    """Or the block would not be what decides the order of additions."""
    a, b = mx.random.normal((4, 256)), mx.random.normal((256, 64))
    assert bits_differ(batch_invariant_matmul(a, b, block_k=16), batch_invariant_matmul(a, b, block_k=64)) > 0


def test_rms_norm_rows_do_not_see_the_batch() -> None:
    x, weight = mx.random.normal((16, 5, 100)) * 3, mx.random.normal((100,))
    whole = batch_invariant_rms_norm(x, weight)
    for rows in range(1, 17):
        assert bits_differ(batch_invariant_rms_norm(x[:rows], weight), whole[:rows]) == 0
        assert bits_differ(batch_invariant_rms_norm(x[rows - 1, 2], weight), whole[rows - 1, 2]) == 0
    np.testing.assert_allclose(whole, rms_norm(x, weight, implementation="reference"), atol=1e-5)
    small = x * 1e-3  # where eps counts
    np.testing.assert_allclose(
        batch_invariant_rms_norm(small, weight),
        rms_norm(small, weight, implementation="reference"),
        atol=1e-5,
    )
    half = x.astype(mx.float16)
    assert batch_invariant_rms_norm(half, weight.astype(mx.float16)).dtype == mx.float16


def test_sum_adds_in_blocks_and_in_order() -> None:
    x = np.random.default_rng(0).normal(size=(3, 50)).astype(np.float32)
    for block in (1, 8, 64):
        expected = []
        for row in x:
            parts = [sum_in_order(row[i : i + block]) for i in range(0, 50, block)]
            expected.append(sum_in_order(parts))
        assert bits_differ(sum_in_blocks(mx.array(x), block), np.array(expected)) == 0


def qkv(batch: int = 3) -> tuple[mx.array, mx.array, mx.array]:
    """Grouped heads, and values of another width than the keys; large enough that a BLAS would take sides."""
    return (
        mx.random.normal((batch, 4, KEYS, 64)),
        mx.random.normal((batch, 2, KEYS, 64)),
        mx.random.normal((batch, 2, KEYS, 48)),
    )


@pytest.mark.parametrize("chunk", [1, 7, 16, 32, 33, 129])
def test_attention_in_chunks_equals_whole(chunk: int) -> None:
    """Every chunk has other numbers of queries and of keys; chunk 1 is decode."""
    q, k, v = qkv()
    whole = batch_invariant_attention(q, k, v, mask="causal")
    parts = [
        batch_invariant_attention(
            q[:, :, i : i + chunk], k[:, :, : i + chunk], v[:, :, : i + chunk], mask="causal"
        )
        for i in range(0, KEYS, chunk)
    ]
    assert bits_differ(mx.concatenate(parts, axis=2), whole) == 0


def test_attention_rows_do_not_see_the_batch() -> None:
    q, k, v = qkv(batch=16)
    q = q[:, :, -1:]
    whole = batch_invariant_attention(q, k, v)
    for rows in range(1, 17):
        part = slice(rows - 1, rows)
        assert bits_differ(batch_invariant_attention(q[:rows], k[:rows], v[:rows]), whole[:rows]) == 0
        assert bits_differ(batch_invariant_attention(q[part], k[part], v[part]), whole[part]) == 0


def test_attention_adds_values_in_blocks_and_in_order() -> None:
    """With equal scores every weight is exactly 1, so the output is a sum that can be redone by hand."""
    _, k, v = qkv(batch=1)
    out = batch_invariant_attention(mx.zeros((1, 2, 1, 64)), k, v, block_size=16)
    expected = sum_in_blocks(v.swapaxes(-1, -2), 16) / KEYS
    assert bits_differ(out[:, :, 0], expected) == 0


def test_attention_ignores_hidden_keys_to_the_bit() -> None:
    q, k, v = qkv()
    q = q[:, :, :5]
    visible = mx.arange(KEYS) < 41
    masked = batch_invariant_attention(q, k, v, mask=visible)
    assert bits_differ(masked, batch_invariant_attention(q, k[:, :, :41], v[:, :, :41])) == 0
    added = batch_invariant_attention(q, k, v, mask=mx.where(visible, 0.0, -mx.inf))
    assert bits_differ(masked, added) == 0


def test_attention_equals_the_reference() -> None:
    q, k, v = qkv()
    for mask in (None, "causal", mx.arange(KEYS) % 3 > 0):
        got = batch_invariant_attention(q, k, v, mask=mask, scale=0.1)
        np.testing.assert_allclose(
            got, attention(q, k, v, mask=mask, scale=0.1, implementation="reference"), atol=1e-5
        )


def test_a_query_without_keys_gets_zeros() -> None:
    q, k, v = qkv()
    out = batch_invariant_attention(q, k, v, mask=mx.zeros((KEYS, KEYS), mx.bool_))
    assert mx.all(out == 0).item()


def test_refusals() -> None:
    with pytest.raises(KvistError, match="block_k of at least 1"):
        batch_invariant_matmul(mx.zeros((1, 2)), mx.zeros((2, 1)), block_k=0)
    with pytest.raises(KvistError, match=r"weight \(3,\) like the last axis"):
        batch_invariant_rms_norm(mx.zeros((2, 3)), mx.zeros((2,)))
    with pytest.raises(KvistError, match="equal batch and head_dim"):
        batch_invariant_attention(mx.zeros((1, 1, 1, 4)), mx.zeros((1, 1, 2, 5)), mx.zeros((1, 1, 2, 4)))
