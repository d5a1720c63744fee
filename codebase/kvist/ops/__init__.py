"""Operators: one file each with a readable reference, a fast path and an `implementation=` override."""

from kvist.ops.affine import QuantizedWeight as QuantizedWeight
from kvist.ops.affine import dequantize as dequantize
from kvist.ops.affine import quantize as quantize
from kvist.ops.attention import attention as attention
from kvist.ops.attention import causal_mask as causal_mask
from kvist.ops.batch_invariant import batch_invariant_attention as batch_invariant_attention
from kvist.ops.batch_invariant import batch_invariant_matmul as batch_invariant_matmul
from kvist.ops.batch_invariant import batch_invariant_rms_norm as batch_invariant_rms_norm
from kvist.ops.exp import exp as exp
from kvist.ops.flash_attention import flash_attention as flash_attention
from kvist.ops.linear import linear as linear
from kvist.ops.linear import linears as linears
from kvist.ops.norm_rope import norm_rope as norm_rope
from kvist.ops.online_softmax import SoftmaxState as SoftmaxState
from kvist.ops.online_softmax import merge_softmax as merge_softmax
from kvist.ops.online_softmax import online_softmax as online_softmax
from kvist.ops.online_softmax import softmax_state as softmax_state
from kvist.ops.paged_attention import paged_attention as paged_attention
from kvist.ops.rms_norm import rms_norm as rms_norm
from kvist.ops.rope import rope as rope
from kvist.ops.softmax import softmax as softmax
from kvist.ops.split_k import split_k_matmul as split_k_matmul
from kvist.ops.swiglu import swiglu as swiglu
from kvist.ops.yarn import yarn_frequencies as yarn_frequencies
from kvist.ops.yarn import yarn_temperature as yarn_temperature
