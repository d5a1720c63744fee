"""KV caches: what is kept of the past so that a new token costs one forward pass of one token."""

from kvist.cache.base import BaseKVCache as BaseKVCache
from kvist.cache.dense import KVCache as KVCache
from kvist.cache.latent import LatentKVCache as LatentKVCache
from kvist.cache.paged import BlockPool as BlockPool
from kvist.cache.paged import PagedKVCache as PagedKVCache
from kvist.cache.radix import RadixCache as RadixCache
from kvist.cache.slots import SlotPool as SlotPool
