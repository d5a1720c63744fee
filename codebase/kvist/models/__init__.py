"""Models: one file per `model_type`, and the loader of Hugging Face folders."""

from kvist.models.loader import load_model as load_model
from kvist.models.loader import tiny_path as tiny_path
from kvist.models.qwen3 import Qwen3 as Qwen3
from kvist.models.qwen3 import Qwen3Config as Qwen3Config
