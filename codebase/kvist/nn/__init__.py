"""Layers: modules that hold parameters, built on `kvist.ops`."""

from kvist.nn.attention import Attention as Attention
from kvist.nn.block import TransformerBlock as TransformerBlock
from kvist.nn.decoder import run_layers as run_layers
from kvist.nn.linear import Embedding as Embedding
from kvist.nn.linear import Linear as Linear
from kvist.nn.linear import QuantizedEmbedding as QuantizedEmbedding
from kvist.nn.linear import QuantizedLinear as QuantizedLinear
from kvist.nn.mla import MLAConfig as MLAConfig
from kvist.nn.mla import MultiHeadLatentAttention as MultiHeadLatentAttention
from kvist.nn.mlp import MLP as MLP
from kvist.nn.moe import mixture as mixture
from kvist.nn.moe import route as route
from kvist.nn.rms_norm import RMSNorm as RMSNorm
