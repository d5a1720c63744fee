"""Exercise: a block table.

The keys of a sequence stand in blocks anywhere in a pool. Its block table says which block holds tokens
0 … block_size - 1, which the next ones, and so on.
"""

import mlx.core as mx


def slots(block_table: list[int], block_size: int, first: int, count: int) -> list[tuple[int, int]]:
    """(block, row in it) of the tokens first … first + count - 1 of the sequence."""
    raise NotImplementedError("write me")


def gather(pool: mx.array, block_table: list[int], num_tokens: int) -> mx.array:
    """The rows of a sequence in order: pool (blocks, Hkv, block_size, D) -> (1, Hkv, num_tokens, D)."""
    raise NotImplementedError("write me")
