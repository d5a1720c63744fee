"""The contract of every KV cache: what attention may ask of it."""

from abc import ABC, abstractmethod

import mlx.core as mx


class BaseKVCache(ABC):
    """Keys and values of one layer. A model holds one such object per layer (`model.make_cache()`).

    Attention calls `update` exactly once per forward pass and may rely on:

    - `offset` before the call is the position of the first new token, and grows by L with the call;
    - the returned arrays hold every visible token in order, the new ones last (so that "causal" masks,
      which align to the end, are right);
    - the returned arrays are not written to by later calls.
    """

    @property
    @abstractmethod
    def offset(self) -> int:
        """Number of tokens seen so far: the position of the next one."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes of the stored tokens, without reserve: what the formula for KV-cache size predicts."""

    @property
    @abstractmethod
    def state(self) -> list[mx.array]:
        """The arrays that the cache holds: `mx.eval(cache.state)` finishes all writes."""

    @abstractmethod
    def update(self, k: mx.array, v: mx.array) -> tuple[mx.array, mx.array]:
        """Append k and v of shape (B, Hkv, L, D); return all keys and values, (B, Hkv, S, D)."""

    @abstractmethod
    def trim(self, num_tokens: int) -> int:
        """Forget the newest `num_tokens` tokens (at most `offset`); return how many were forgotten."""
