"""The dense KV cache: one array for keys and one for values, grown in steps."""

import mlx.core as mx

from kvist.cache.base import BaseKVCache
from kvist.errors import KvistError


class KVCache(BaseKVCache):
    """Keys and values of every token, side by side in two arrays of shape (B, Hkv, capacity, D).

    Memory is reserved `step` tokens at a time, so that an appended token costs one write and not a copy of
    all that came before.
    """

    def __init__(self, step: int = 256) -> None:
        if step < 1:
            raise KvistError("KVCache", "a step of at least 1 token", f"step={step}")
        self.step = step
        self.keys: mx.array | None = None
        self.values: mx.array | None = None
        self._offset = 0

    @property
    def offset(self) -> int:
        return self._offset

    @property
    def nbytes(self) -> int:
        capacity = 0 if self.keys is None else self.keys.shape[2]
        return self.reserved_nbytes * self._offset // capacity if capacity else 0

    @property
    def reserved_nbytes(self) -> int:
        """Bytes of the two arrays, used or not."""
        return 0 if self.keys is None or self.values is None else self.keys.nbytes + self.values.nbytes

    @property
    def state(self) -> list[mx.array]:
        return [array for array in (self.keys, self.values) if array is not None]

    def update(self, k: mx.array, v: mx.array) -> tuple[mx.array, mx.array]:
        if k.ndim != 4 or v.ndim != 4 or k.shape[:3] != v.shape[:3]:
            need = "k and v of shape (B, Hkv, L, D) with equal B, Hkv and L"
            raise KvistError("KVCache.update", need, f"k {k.shape}, v {v.shape}")
        self.keys = self._write(self.keys, k)
        self.values = self._write(self.values, v)
        self._offset += k.shape[2]
        return self.keys[:, :, : self._offset], self.values[:, :, : self._offset]

    def reserve(
        self, batch: int, num_kv_heads: int, length: int, head_dim: int, dtype: mx.Dtype
    ) -> tuple[mx.array, mx.array]:
        """The arrays of keys and of values, with room behind `offset` for `length` more tokens.

        For an operator that writes rows itself and hands the result to `replace`.
        """
        shape = (batch, num_kv_heads, length, head_dim)
        self.keys = self._grown(self.keys, shape, dtype)
        self.values = self._grown(self.values, shape, dtype)
        return self.keys, self.values

    def replace(self, keys: mx.array, values: mx.array, length: int) -> tuple[mx.array, mx.array]:
        """Take the arrays of `reserve` back with `length` tokens more; return all keys and values."""
        self.advance(keys, values, length)
        return keys[:, :, : self._offset], values[:, :, : self._offset]

    def advance(self, keys: mx.array, values: mx.array, length: int) -> None:
        """The same, for an operator that needs no more of them."""
        self.keys, self.values = keys, values
        self._offset += length

    def trim(self, num_tokens: int) -> int:
        forgotten = max(0, min(num_tokens, self._offset))
        self._offset -= forgotten
        return forgotten

    def _write(self, buffer: mx.array | None, new: mx.array) -> mx.array:
        """`buffer` with `new` after the tokens that it holds, grown first if it is full."""
        buffer = self._grown(buffer, new.shape, new.dtype)
        buffer[:, :, self._offset : self._offset + new.shape[2]] = new
        return buffer

    def _grown(self, buffer: mx.array | None, new: tuple[int, ...], dtype: mx.Dtype) -> mx.array:
        """`buffer` with room behind the tokens that it holds for some of shape `new`."""
        batch, num_kv_heads, length, head_dim = new
        end, capacity = self._offset + length, 0
        if buffer is not None:
            capacity = buffer.shape[2]
            if buffer.shape != (batch, num_kv_heads, capacity, head_dim):
                need = f"shape ({buffer.shape[0]}, {buffer.shape[1]}, L, {buffer.shape[3]}) as before"
                raise KvistError("KVCache.update", need, f"{new}", "another batch needs a fresh cache")
        if buffer is None or end > capacity:
            missing = max(1, -(-(end - capacity) // self.step)) * self.step
            reserve = mx.zeros((batch, num_kv_heads, missing, head_dim), dtype)
            buffer = reserve if buffer is None else mx.concatenate([buffer, reserve], axis=2)
        return buffer
