"""A pool of KV slots that many requests share: token-granular paging, where the page holds one token."""

from collections.abc import Sequence

import mlx.core as mx

from kvist.cache.base import BaseKVCache
from kvist.errors import KvistError


class SlotPool:
    """Keys and values of up to `num_slots` tokens: per layer two arrays of shape (Hkv, num_slots, D).

    A slot is a row number that is valid in every layer. A slot is free or owned by exactly one holder: a
    running request or the radix tree. The arrays are made at the first write, which knows their shape.
    """

    def __init__(self, num_slots: int, num_layers: int) -> None:
        if num_slots < 1 or num_layers < 1:
            raise KvistError(
                "SlotPool", "at least 1 slot and 1 layer", f"{num_slots} slots, {num_layers} layers"
            )
        self.num_slots = num_slots
        self.keys: list[mx.array | None] = [None] * num_layers
        self.values: list[mx.array | None] = [None] * num_layers
        self._free = list(range(num_slots))[::-1]  # a stack: slot 0 comes first, then what was freed last
        self._in_use = [False] * num_slots

    @property
    def num_free(self) -> int:
        """Slots that `allocate` can still give."""
        return len(self._free)

    @property
    def state(self) -> list[mx.array]:
        """The arrays: `mx.eval(pool.state)` finishes all writes."""
        return [array for array in (*self.keys, *self.values) if array is not None]

    def allocate(self, num_tokens: int) -> list[int]:
        """Take `num_tokens` free slots. Raises KvistError when there are fewer."""
        if not 0 <= num_tokens <= self.num_free:
            need = f"from 0 to {self.num_free} slots, which is what is free"
            raise KvistError("SlotPool.allocate", need, str(num_tokens), "evict from the radix cache")
        slots = [self._free.pop() for _ in range(num_tokens)]
        for slot in slots:
            self._in_use[slot] = True
        return slots

    def free(self, slots: Sequence[int]) -> None:
        """Give slots back. Raises KvistError on a slot that is free already."""
        for slot in slots:
            if not self._in_use[slot]:
                raise KvistError("SlotPool.free", "slots that are in use", f"slot {slot}, which is free")
            self._in_use[slot] = False
            self._free.append(slot)

    def make_cache(self, slots: Sequence[int], offset: int = 0) -> list[BaseKVCache]:
        """A cache per layer for the sequence whose token i lives in `slots[i]`; `offset` tokens are there."""
        return [SlotKVCache(self, layer, list(slots), offset) for layer in range(len(self.keys))]


class SlotKVCache(BaseKVCache):
    """One layer of one sequence (B = 1), stored in slots of a pool and gathered for attention."""

    def __init__(self, pool: SlotPool, layer: int, slots: list[int], offset: int) -> None:
        self.pool = pool
        self.layer = layer
        self.slots = slots
        self._offset = offset

    @property
    def offset(self) -> int:
        return self._offset

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.state) * self._offset // self.pool.num_slots

    @property
    def state(self) -> list[mx.array]:
        arrays = (self.pool.keys[self.layer], self.pool.values[self.layer])
        return [array for array in arrays if array is not None]

    def update(self, k: mx.array, v: mx.array) -> tuple[mx.array, mx.array]:
        end = self._offset + k.shape[2]
        if k.shape[0] != 1 or end > len(self.slots):
            need = f"one sequence of at most {len(self.slots)} tokens, one for each slot"
            raise KvistError("SlotKVCache.update", need, f"batch {k.shape[0]}, {end} tokens")
        new, seen = mx.array(self.slots[self._offset : end]), mx.array(self.slots[:end])
        self._offset = end
        keys = self.pool.keys[self.layer] = self._write(self.pool.keys[self.layer], k[0], new)
        values = self.pool.values[self.layer] = self._write(self.pool.values[self.layer], v[0], new)
        return keys[:, seen][None], values[:, seen][None]

    def trim(self, num_tokens: int) -> int:
        forgotten = max(0, min(num_tokens, self._offset))
        self._offset -= forgotten
        return forgotten

    def _write(self, rows: mx.array | None, new: mx.array, slots: mx.array) -> mx.array:
        """`rows` with `new` (Hkv, L, D) in `slots`."""
        if rows is None:
            rows = mx.zeros((new.shape[0], self.pool.num_slots, new.shape[2]), new.dtype)
        rows[:, slots] = new
        return rows
