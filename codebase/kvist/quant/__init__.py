"""Quantizing whole models: the settings in config.json, and rounding a model that is loaded."""

from kvist.quant.config import Quantization as Quantization
from kvist.quant.model import quantize_model as quantize_model
from kvist.quant.model import round_activations as round_activations
