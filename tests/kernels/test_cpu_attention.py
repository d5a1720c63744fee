"""Guards the C++ attention: dense, ragged and paged keys equal the reference; same bits; errors."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import attention, paged_attention

DTYPES = [mx.float32, mx.float16, mx.bfloat16]
TOLERANCE = {mx.float32: 3e-6, mx.float16: 2e-3, mx.bfloat16: 1.5e-2}
# B, H, Hkv, L, S, D, Dv
SHAPES = [
    (1, 1, 1, 1, 1, 1, 1),
    (2, 4, 2, 1, 65, 64, 64),
    (1, 16, 8, 1, 200, 128, 128),
    (2, 6, 2, 5, 5, 20, 33),
    (1, 3, 3, 70, 130, 48, 16),
    (1, 5, 1, 3, 64, 80, 96),
]


def normal(*shape: int, seed: int, dtype: mx.Dtype = mx.float32) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed)).astype(dtype)


def example(shape, dtype=mx.float32, kv_dtype=None) -> tuple[mx.array, mx.array, mx.array]:
    b, h, hkv, length, s, d, dv = shape
    kv = kv_dtype or dtype
    return (
        normal(b, h, length, d, seed=1, dtype=dtype),
        normal(b, hkv, s, d, seed=2, dtype=kv),
        normal(b, hkv, s, dv, seed=3, dtype=kv),
    )


def wide(x: mx.array) -> mx.array:
    return x.astype(mx.float32)


def assert_close(got: mx.array, want: mx.array, dtype: mx.Dtype) -> None:
    assert got.shape == want.shape and got.dtype == dtype
    np.testing.assert_allclose(np.array(wide(got)), np.array(wide(want)), atol=TOLERANCE[dtype], rtol=1e-2)


@pytest.mark.parametrize("mask", [None, "causal"])
@pytest.mark.parametrize("kv_dtype", DTYPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dense_equals_reference(isa, dtype, kv_dtype, mask):
    for shape in SHAPES:
        q, k, v = example(shape, dtype, kv_dtype)
        want = attention(wide(q), wide(k), wide(v), mask=mask, implementation="reference")
        assert_close(attention(q, k, v, mask=mask, implementation="cpp"), want, dtype)


def test_reads_any_strides(isa):
    q, k, v = example((2, 4, 2, 6, 40, 32, 32))
    views = {
        "heads inside": [
            x.swapaxes(1, 2) for x in (normal(2, 6, 4, 32, seed=4), normal(2, 40, 2, 32, seed=5))
        ],
        "sliced cache": [q, normal(2, 2, 100, 32, seed=6)[:, :, 7:47]],
        "every other feature": [
            normal(2, 4, 6, 64, seed=7)[..., ::2],
            normal(2, 2, 40, 64, seed=8)[..., 1::2],
        ],
        "reversed": [q[:, :, ::-1], k[:, ::-1, :, ::-1]],
        "broadcast": [q, mx.broadcast_to(k[:1, :1], (2, 2, 40, 32))],
    }
    for queries, keys in views.values():
        mx.eval(queries, keys)
        want = attention(queries + 0, keys + 0, v, mask="causal", implementation="reference")
        assert_close(attention(queries, keys, v, mask="causal", implementation="cpp"), want, mx.float32)
        assert_close(
            attention(queries, v, keys, implementation="cpp"),
            attention(queries + 0, v, keys + 0, implementation="reference"),
            mx.float32,
        )


def test_large_scores_and_other_scales(isa):
    q, k, v = example((1, 2, 2, 3, 150, 16, 16))
    for scale in (30.0, 0.0, -2.0):
        want = attention(q, k, v, scale=scale, implementation="reference")
        assert_close(attention(q, k, v, scale=scale, implementation="cpp"), want, mx.float32)
    assert mx.isnan(attention(q, k * mx.nan, v, implementation="cpp")).all().item()


def test_every_instruction_set_gives_the_same_bits(vector_kernels):
    before, results = vector_kernels.isa(), {}
    for name in vector_kernels.isas():
        vector_kernels.set_isa(name)
        inputs = [example(shape, kv_dtype=dtype) for shape in SHAPES for dtype in DTYPES]
        results[name] = [bytes(attention(*three, mask="causal", implementation="cpp")) for three in inputs]
    vector_kernels.set_isa(before)
    assert all(result == results["portable"] for result in results.values())


def test_a_query_gets_the_same_bits_alone_in_a_batch_and_in_any_chunk(isa):
    q, k, v = example((3, 4, 2, 150, 150, 32, 32))
    whole = attention(q, k, v, mask="causal", implementation="cpp")
    for start, stop in ((0, 1), (5, 70), (149, 150)):
        part = attention(
            q[1:2, :, start:stop], k[1:2, :, :stop], v[1:2, :, :stop], mask="causal", implementation="cpp"
        )
        assert mx.array_equal(part, whole[1:2, :, start:stop]).item()


def paged_example(lengths, block_size, new, dtype=mx.float32, seed=0):
    """A pool whose blocks are dealt out at random, and the same keys and values side by side."""
    rng = np.random.default_rng(seed)
    width = max(-(-n // block_size) for n in lengths) + 1
    num_blocks = len(lengths) * width + 3
    ids = rng.permutation(num_blocks)
    table = np.full((len(lengths), width), -1)
    for b, n in enumerate(lengths):
        used = -(-n // block_size)
        table[b, :used] = ids[b * width : b * width + used]
    k = normal(num_blocks, 2, block_size, 24, seed=seed + 1, dtype=dtype)
    v = normal(num_blocks, 2, block_size, 24, seed=seed + 2, dtype=dtype)
    return normal(len(lengths), 6, new, 24, seed=seed + 3), k, v, mx.array(table), mx.array(lengths)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_paged_equals_gathered(isa, dtype):
    for block_size in (1, 7, 16, 100):
        for new in (1, 4):
            q, k, v, table, lengths = paged_example([4, 97, 30], block_size, new, dtype)
            want = paged_attention(q, wide(k), wide(v), table, lengths, implementation="reference")
            assert_close(paged_attention(q, k, v, table, lengths, implementation="cpp"), want, mx.float32)


def test_paged_gives_the_bits_of_dense(isa):
    q, k, v, table, lengths = paged_example([45, 8], 8, 1)
    out = paged_attention(q, k, v, table, lengths, implementation="cpp")
    for b, n in enumerate([45, 8]):
        ids = table[b, : -(-n // 8)]
        keys, values = (x[ids].swapaxes(0, 1).reshape(1, 2, -1, 24)[:, :, :n] for x in (k, v))
        assert mx.array_equal(
            out[b : b + 1], attention(q[b : b + 1], keys, values, implementation="cpp")
        ).item()


def test_a_pool_of_another_order_is_a_view(isa):
    q, k, v, table, lengths = paged_example([45, 8], 8, 2)
    want = paged_attention(q, k, v, table, lengths, implementation="reference")
    tokens_first = [mx.contiguous(x.swapaxes(1, 2)).swapaxes(1, 2) for x in (k, v)]
    assert_close(paged_attention(q, *tokens_first, table, lengths, implementation="cpp"), want, mx.float32)


def test_blocks_that_are_not_there_are_refused_and_never_read(vector_kernels):
    q, k, v, table, lengths = paged_example([45, 8], 8, 1)
    broken = mx.array(np.where(np.arange(table.shape[1]) == 0, k.shape[0], np.array(table)))
    with pytest.raises(KvistError, match=r"\[paged_attention\] need blocks from 0 to \d+, got \d+"):
        paged_attention(q, k, v, broken, lengths)
    with pytest.raises(KvistError, match="need lengths from 1, the new tokens, to"):
        paged_attention(q, k, v, table, mx.array([45, 0]))
    with pytest.raises(KvistError, match="need lengths from 1, the new tokens, to"):
        paged_attention(q, k, v, table, mx.array([45, 1000]))
    # The primitive itself: NaN for that sequence alone.
    table32, lengths32 = broken.astype(mx.int32), lengths.astype(mx.int32)
    out = vector_kernels.attention(q, k, v, 1.0, True, lengths=lengths32, block_table=table32)
    assert mx.isnan(out).all().item()
    good = table.astype(mx.int32)
    out = vector_kernels.attention(
        q, k, v, 1.0, True, lengths=mx.array([45, 10**6], mx.int32), block_table=good
    )
    assert mx.isfinite(out[0]).all().item() and mx.isnan(out[1]).all().item()


def test_ragged_lengths_over_dense_keys(isa, vector_kernels):
    q, k, v = example((3, 4, 2, 2, 50, 16, 16))
    lengths = [2, 50, 33]
    out = vector_kernels.attention(q, k, v, 0.25, True, lengths=mx.array(lengths, mx.int32))
    for b, n in enumerate(lengths):
        one = slice(b, b + 1)
        want = attention(
            q[one], k[one, :, :n], v[one, :, :n], scale=0.25, mask="causal", implementation="reference"
        )
        assert_close(out[one], want, mx.float32)


@pytest.mark.parametrize("mask", [None, "causal"])
def test_gradients_equal_the_reference(vector_kernels, mask):
    q, k, v = example((1, 4, 2, 5, 9, 8, 8))

    def loss(name):
        return lambda *three: (attention(*three, mask=mask, implementation=name) ** 2).sum()

    got = mx.grad(loss("cpp"), argnums=(0, 1, 2))(q, k, v)
    want = mx.grad(loss("reference"), argnums=(0, 1, 2))(q, k, v)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(np.array(g), np.array(w), atol=2e-5)


def test_bad_input_is_refused(vector_kernels):
    q, k, v = example((1, 4, 2, 5, 9, 8, 8))
    with pytest.raises(KvistError, match='need mask None or "causal", and k and v of one') as caught:
        attention(q, k, v, mask=mx.zeros((5, 9)), implementation="cpp")
    assert (
        caught.value.got == "mask an array (5, 9), q mlx.core.float32, k mlx.core.float32, v mlx.core.float32"
    )
    cases = {
        r"\[attention\] need q with 4 axes, got \(4, 5, 8\)": (q[0], k, v, 1.0, False),
        r"need k and v of one dtype, got float16": (q, k, v.astype(mx.float16), 1.0, False),
        r"need q of float32, float16 or bfloat16, got int32": (q.astype(mx.int32), k, v, 1.0, False),
        r"need q and k with one head_dim, got \(1, 2, 9, 7\)": (q, k[..., :7], v, 1.0, False),
        r"need query heads that are a multiple of the KV heads 2, got 3": (q[:, :3], k, v, 1.0, False),
        r"need no more queries than keys under a causal mask, got 5": (
            q,
            k[:, :, :3],
            v[:, :, :3],
            1.0,
            True,
        ),
    }
    for message, arguments in cases.items():
        with pytest.raises(ValueError, match=message):
            vector_kernels.attention(*arguments)
    with pytest.raises(ValueError, match=r"need lengths beside a block_table, got none"):
        vector_kernels.attention(q, k, v, 1.0, True, block_table=mx.zeros((1, 2), mx.int32))
