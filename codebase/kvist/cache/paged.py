"""The paged KV cache: fixed-size blocks from one pool, and a block table per sequence."""

from collections.abc import Iterable

import mlx.core as mx

from kvist.cache.base import BaseKVCache
from kvist.errors import KvistError


class BlockPool:
    """Memory for keys and values of many sequences, handed out in blocks of `block_size` tokens.

    Arrays: (num_blocks, Hkv, block_size, D). A block belongs to as many sequences as hold it; it is free
    again when the last one lets go.
    """

    def __init__(
        self,
        num_blocks: int,
        block_size: int,
        num_kv_heads: int,
        head_dim: int,
        dtype: mx.Dtype = mx.float32,
    ) -> None:
        if min(num_blocks, block_size, num_kv_heads, head_dim) < 1:
            got = f"{num_blocks} blocks of {block_size} tokens, {num_kv_heads} heads of {head_dim}"
            raise KvistError("BlockPool", "positive sizes", got)
        shape = (num_blocks, num_kv_heads, block_size, head_dim)
        self.block_size = block_size
        self.keys = mx.zeros(shape, dtype)
        self.values = mx.zeros(shape, dtype)
        self._free = list(range(num_blocks - 1, -1, -1))
        self._holders = [0] * num_blocks

    @property
    def num_free(self) -> int:
        return len(self._free)

    def take(self) -> int:
        """A free block. Raises KvistError if there is none: the scheduler has to preempt a sequence."""
        if not self._free:
            hint = "free a sequence, or make the pool larger"
            raise KvistError("BlockPool", "a free block", f"all {len(self._holders)} in use", hint)
        block = self._free.pop()
        self._holders[block] = 1
        return block

    def share(self, blocks: Iterable[int]) -> None:
        """One more sequence holds these blocks."""
        for block in blocks:
            self._holders[block] += 1

    def release(self, blocks: Iterable[int]) -> None:
        """One sequence fewer holds these blocks; those that nobody holds are free."""
        for block in blocks:
            self._holders[block] -= 1
            if not self._holders[block]:
                self._free.append(block)

    def is_shared(self, block: int) -> bool:
        return self._holders[block] > 1


class PagedKVCache(BaseKVCache):
    """The cache of one sequence (B = 1): `block_table[i]` holds tokens i·block_size … of it.

    Source: Kwon et al. 2023, PagedAttention, section 4.1 and 4.2; copy-on-write as in section 4.4.
    """

    def __init__(self, pool: BlockPool) -> None:
        self.pool = pool
        self.block_table: list[int] = []
        self._offset = 0

    @property
    def offset(self) -> int:
        return self._offset

    @property
    def nbytes(self) -> int:
        per_token = (self.pool.keys.nbytes + self.pool.values.nbytes) // (
            self.pool.keys.shape[0] * self.pool.block_size
        )
        return per_token * self._offset

    @property
    def state(self) -> list[mx.array]:
        return [self.pool.keys, self.pool.values]

    def update(self, k: mx.array, v: mx.array) -> tuple[mx.array, mx.array]:
        """Append k and v (1, Hkv, L, D). Raises KvistError on other shapes, or before anything is written if
        the pool has too few free blocks.
        """
        heads, dim = self.pool.keys.shape[1], self.pool.keys.shape[3]
        if k.shape != v.shape or k.ndim != 4 or (k.shape[0], k.shape[1], k.shape[3]) != (1, heads, dim):
            need = f"k and v of shape (1, {heads}, L, {dim})"
            raise KvistError("PagedKVCache.update", need, f"k {k.shape}, v {v.shape}")
        self._reserve(k.shape[2])
        size, written = self.pool.block_size, 0
        while written < k.shape[2]:
            block, slot = self.block_table[self._offset // size], self._offset % size
            count = min(size - slot, k.shape[2] - written)
            self.pool.keys[block, :, slot : slot + count] = k[0, :, written : written + count]
            self.pool.values[block, :, slot : slot + count] = v[0, :, written : written + count]
            written += count
            self._offset += count
        return self.gather()

    def gather(self) -> tuple[mx.array, mx.array]:
        """All keys and values in order, (1, Hkv, S, D): what a paged kernel reads without copying."""
        table = mx.array(self.block_table, dtype=mx.int32)
        return self._rows(self.pool.keys[table]), self._rows(self.pool.values[table])

    def fork(self) -> "PagedKVCache":
        """A sequence with the same past that shares every block; whoever writes next copies the last one."""
        other = PagedKVCache(self.pool)
        other.block_table = list(self.block_table)
        other._offset = self._offset
        self.pool.share(self.block_table)
        return other

    def trim(self, num_tokens: int) -> int:
        forgotten = max(0, min(num_tokens, self._offset))
        self._offset -= forgotten
        needed = -(-self._offset // self.pool.block_size)
        self.pool.release(self.block_table[needed:])
        del self.block_table[needed:]
        return forgotten

    def _reserve(self, length: int) -> None:
        """Blocks for `length` more tokens, the partly filled last one its own."""
        size = self.pool.block_size
        last = self.block_table[-1] if self._offset % size else None
        copy = length > 0 and last is not None and self.pool.is_shared(last)
        missing = -(-(self._offset + length) // size) - len(self.block_table)
        if missing + copy > self.pool.num_free:
            hint = "free a sequence, or make the pool larger"
            raise KvistError("PagedKVCache", f"{missing + copy} free blocks", f"{self.pool.num_free}", hint)
        if copy and last is not None:
            own = self.pool.take()
            self.pool.keys[own] = self.pool.keys[last]
            self.pool.values[own] = self.pool.values[last]
            self.pool.release([last])
            self.block_table[-1] = own
        self.block_table += [self.pool.take() for _ in range(missing)]

    def _rows(self, blocks: mx.array) -> mx.array:
        """(n, Hkv, block_size, D) -> (1, Hkv, S, D)."""
        heads, dim = blocks.shape[1], blocks.shape[3]
        return blocks.swapaxes(0, 1).reshape(1, heads, -1, dim)[:, :, : self._offset]
