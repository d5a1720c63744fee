"""Arithmetic about models: parameters, and what they cost in bytes."""

from kvist.budget.kv import kv_cache_bytes_per_token as kv_cache_bytes_per_token
from kvist.budget.kv import mla_cache_bytes_per_token as mla_cache_bytes_per_token
from kvist.budget.parameters import count_parameters as count_parameters
