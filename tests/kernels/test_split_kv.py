"""Guards split-KV decoding: its bits in company, and what it takes and refuses."""

import os
import re
from pathlib import Path

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.metal import Launch, kernel_path
from kvist.numerics import bits_differ
from kvist.ops import attention, split_kv_attention
from kvist.ops.metal import split_kv as calls

pytestmark = pytest.mark.usefixtures("emulator")

LENGTHS = (230, 64, 1, 321, 65, 128, 7, 300)  # the first one is looked at
HEADS, KV_HEADS, DIM, SIZE = 4, 2, 20, 64


def normal(seed: int, *shape: int) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed))


Q = normal(1, len(LENGTHS), HEADS, DIM)
K, V = (normal(seed, len(LENGTHS), KV_HEADS, max(LENGTHS), DIM) for seed in (2, 3))


def states(launch: Launch) -> dict[str, mx.array]:
    done = launch.emulate()
    assert not done.reports
    return done.outputs


def first(batch: int, size: int | None, version: str | None = None) -> mx.array:
    """The first sequence in a batch: with partitions of `size` keys, or as many as keep a GPU busy."""
    lengths = mx.array(LENGTHS[:batch], mx.int32)
    longest = max(LENGTHS[:batch])
    q, k, v = Q[:batch], K[:batch, :, :longest], V[:batch, :, :longest]
    size = size or calls.size_for(batch, HEADS, longest)
    parts = states(calls.partitions(q, k, v, lengths, 0.3, size, version))
    return states(calls.combine(**parts, dtype=q.dtype))["out"][:1]


def test_a_fixed_size_keeps_the_bits_in_any_company_and_a_number_of_partitions_does_not():
    alone = {size: first(1, size) for size in (SIZE, None)}
    rows = ["| sequences | by number | by size |", "|---:|---|---|"]
    for batch in (1, 2, 4, 8):
        same = {}
        for size, want in alone.items():
            got = first(batch, size)
            assert mx.allclose(got, want, rtol=1e-4, atol=1e-5)
            same[size] = "same bits" if bits_differ(got, want) == 0 else "other bits"
        rows.append(f"| {batch} | {same[None]} | {same[SIZE]} |")
        assert same[SIZE] == "same bits"
    assert "other bits" in rows[-1], "the number of partitions is here to show that the batch decides"
    in_readme("bits", "\n".join(rows))


def in_readme(marker: str, want: str) -> None:
    path: Path = kernel_path("split_kv").with_name("README.md")
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"(?<=<!-- {marker} -->\n\n).*?(?=\n\n<!-- /{marker} -->)", text, re.S)
    assert found
    if os.environ.get("KVIST_UPDATE"):
        path.write_text(text[: found.start()] + want + text[found.end() :], encoding="utf-8")
    else:
        assert found[0] == want, "KVIST_UPDATE=1 writes it"


def test_heads_that_share_a_tile_get_the_bits_of_heads_alone():
    assert bits_differ(first(2, SIZE, "grouped"), first(2, SIZE, "partitions")) == 0


def test_one_partition_has_the_bits_of_none():
    lengths = mx.array(LENGTHS[:1], mx.int32)
    single = states(calls.single(Q[:1], K[:1], V[:1], lengths, 0.3))["out"]
    assert bits_differ(first(1, 1000), single) == 0


def test_keys_behind_the_end_do_not_matter():
    short = split_kv_attention(
        Q[:1, :, None], K[:1, :, :33], V[:1, :, :33], partition_size=16, implementation="metal"
    )
    lengths = mx.array([33])
    cut = split_kv_attention(
        Q[:1, :, None], K[:1], V[:1], lengths=lengths, partition_size=16, implementation="metal"
    )
    assert bits_differ(short, cut) == 0


def test_one_query_of_attention_is_split():
    q, k, v = Q[:2, :, None], K[:2, :, :50], V[:2, :, :50]
    for mask in (None, "causal"):
        got = attention(q, k, v, mask=mask, implementation="metal")
        assert bits_differ(got, split_kv_attention(q, k, v, implementation="metal")) == 0
        assert mx.allclose(got, attention(q, k, v, mask=mask, implementation="reference"), atol=1e-5)


def test_the_reference_is_attention():
    q, k, v = Q[:, :, None], K, V
    for size in (1, 7, 32, 1000):
        got = split_kv_attention(q, k, v, lengths=mx.array(LENGTHS), partition_size=size)
        for b, length in enumerate(LENGTHS):
            mine = (x[b : b + 1, :, :length] for x in (k, v))
            want = attention(q[b : b + 1], *mine, implementation="reference")
            assert mx.allclose(got[b : b + 1], want, rtol=1e-4, atol=1e-5)


def test_what_it_has_not_is_refused():
    q, k = mx.zeros((1, 2, 1, 8)), mx.zeros((1, 1, 5, 8))
    wide = mx.zeros((1, 1, 1, 130))
    lengths = mx.array([6])
    for message, call in {
        "need q (B, H, 1, D) and at least one key": lambda: split_kv_attention(k, k, k),
        "need lengths from 1 to S=5, got [6]": lambda: split_kv_attention(q, k, k, lengths=lengths),
        "need lengths (1,) of whole numbers": lambda: split_kv_attention(q, k, k, lengths=mx.array([1.0])),
        "need a partition_size of at least 1, got 0": lambda: split_kv_attention(q, k, k, partition_size=0),
        "need partition_size to be a whole number, got 1.5": lambda: split_kv_attention(
            q, k, k, partition_size=1.5
        ),
        "need lengths to be an mx.array, got list. hint: mx.array(lengths)": lambda: split_kv_attention(
            q, k, k, lengths=[5]
        ),
        "need scale to be a number, got 'x'": lambda: split_kv_attention(q, k, k, scale="x"),
        "need implementation reference, metal": lambda: split_kv_attention(q, k, k, implementation="cpp"),
        "need a head_dim of at most 128": lambda: split_kv_attention(
            wide, wide, wide, implementation="metal"
        ),
        "need version partitions, grouped": lambda: calls.partitions(
            q[:, :, 0], k, k, lengths, 1.0, 4, "single"
        ),
    }.items():
        with pytest.raises(KvistError) as caught:
            call()
        assert message in str(caught.value)
