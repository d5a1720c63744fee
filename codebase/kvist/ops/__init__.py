"""Operators: one file each with a readable reference, a fast path and an `implementation=` override."""

from kvist.ops.attention import attention as attention
from kvist.ops.attention import causal_mask as causal_mask
from kvist.ops.rms_norm import rms_norm as rms_norm
from kvist.ops.rope import rope as rope
from kvist.ops.softmax import softmax as softmax
