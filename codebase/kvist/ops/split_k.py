"""Split-K matrix multiplication, emulated: how a GPU kernel with few output tiles keeps its cores busy."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.ops.arguments import need_array, need_floats, need_whole
from kvist.ops.fixed_order import matmul_in_blocks


def split_k_matmul(a: mx.array, b: mx.array, num_splits: int) -> mx.array:
    """a (M, K) times b (K, N) with K cut into `num_splits` equal parts that are summed apart and then added.

    On a GPU each part would be a group of threads of its own. Here the additions are made one by one in
    float32, first inside each part and then over the parts in order, so the bits of the result depend on
    `num_splits` alone and are the same on every machine. When K is not a multiple, the last part is filled up
    with zeros. Returns (M, N) float32. Raises KvistError on shapes that do not fit or a `num_splits` outside
    1 … K.
    """
    check_matmul("split_k_matmul", a, b)
    need_whole("split_k_matmul", num_splits=num_splits)
    if not 1 <= num_splits <= a.shape[1]:
        raise KvistError("split_k_matmul", f"num_splits from 1 to K={a.shape[1]}", str(num_splits))
    return matmul_in_blocks(a, b, -(-a.shape[1] // num_splits))


def check_matmul(where: str, a: mx.array, b: mx.array) -> None:
    """Raise KvistError unless a is (M, K) and b is (K, N) with K >= 1, of a floating dtype."""
    need_array(where, a=a, b=b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0] or not a.shape[1]:
        raise KvistError(where, "a (M, K) and b (K, N) with K >= 1", f"a {a.shape}, b {b.shape}")
    need_floats(where, a=a, b=b)
