"""What the kernel tests need: the C++ extension and a C++ compiler, both required under CI=true."""

import os
import shutil

import mlx.core as mx
import pytest

from kvist import native


def need(present: bool, reason: str) -> None:
    """Skip without it; under CI its absence is a failure."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def extension():
    """The module kvist._kernels, with the CPU as default device, which is where it runs."""
    need(native.kernels is not None, f"kvist._kernels: {native.status().reason}")
    before = mx.default_device()
    mx.set_default_device(mx.cpu)
    yield native.kernels
    mx.set_default_device(before)


@pytest.fixture
def emulator() -> None:
    """Marks tests that compile and run Metal source."""
    chosen = os.environ.get("CXX", "").split()
    names = chosen[:1] or ["g++", "clang++"]
    need(any(shutil.which(name) for name in names), "no C++ compiler: Debian, Ubuntu: apt-get install g++")


@pytest.fixture(params=getattr(native.kernels, "isas", lambda: ["portable"])())
def isa(request, vector_kernels):
    """The extension, made to use each instruction set that this machine has in turn."""
    before = vector_kernels.isa()
    vector_kernels.set_isa(request.param)
    yield request.param
    vector_kernels.set_isa(before)


@pytest.fixture
def vector_kernels(extension):
    """The extension, with its own choice of instruction set."""
    need(hasattr(extension, "norm_rope"), "an older extension: run `python scripts/build_ext.py`")
    return extension
