"""Kvist: a small, readable LLM inference engine on MLX.

Importing the package puts a fast BLAS under MLX (see `kvist.blas`) and nothing else: take what you need
from its rooms, for example `from kvist.ops import attention` or `from kvist.models import load_model`.
"""

from kvist import blas

__version__ = "0.1.0"

# First of all: it is simplest before libmlx is loaded.
blas.install()
