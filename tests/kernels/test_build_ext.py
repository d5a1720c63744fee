"""Guards scripts/build_ext.py: exit codes, the one line without a compiler, rebuilding by content."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import mlx.core as mx
import numpy as np
import pytest

from kvist import native
from kvist.errors import KvistError
from kvist.metal.files import checkout_root
from kvist.ops import linear, quantize, swiglu

ROOT = checkout_root()


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of what the script reads; it writes beside itself."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "codebase" / "kvist").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "build_ext.py", tmp_path / "scripts")
    shutil.copytree(ROOT / "kernels", tmp_path / "kernels")
    return tmp_path


def build(checkout: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/build_ext.py"]
    clean = {k: v for k, v in os.environ.items() if k not in ("CC", "CXX")}
    return subprocess.run(command, cwd=checkout, env=clean | env, capture_output=True, text=True)


def test_without_a_compiler_one_line_says_what_to_install(checkout):
    done = build(checkout, PATH="")
    assert done.returncode == 3
    (line,) = done.stdout.splitlines()
    assert line.startswith("build: need a C++ compiler, got none. Install one (")
    assert "xcode-select --install" in line or "apt-get install g++" in line
    assert done.stderr == ""


def test_a_compiler_that_fails_is_reported_with_its_last_lines(checkout):
    compiler = checkout / "bad-compiler"
    compiler.write_text("#!/bin/sh\necho 'internal error: out of luck' >&2\nexit 4\n")
    compiler.chmod(0o755)
    done = build(checkout, CC=str(compiler), CXX=str(compiler))
    assert done.returncode == 1
    assert "out of luck" in done.stderr
    assert "hint: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not list((checkout / "codebase" / "kvist").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="the BLAS shim is for Linux")
@pytest.mark.slow
def test_the_shim_is_rebuilt_when_its_source_changes_and_only_then(checkout, emulator):
    # Everything but the shim is switched off: the stamp says that the extension is there.
    (checkout / "kernels" / "CMakeLists.txt").write_text("message(FATAL_ERROR stop)\n")
    assert "_blas_shim.so" in build(checkout).stdout
    made = checkout / "codebase" / "kvist" / "_blas_shim.so"
    stamp = made.stat().st_mtime_ns
    build(checkout)
    assert made.stat().st_mtime_ns == stamp
    source = checkout / "kernels" / "blas_shim" / "blas_shim.c"
    source.write_text(source.read_text() + "/* changed */\n")
    build(checkout)
    assert made.stat().st_mtime_ns != stamp


def test_the_extension_says_what_it_was_built_with(extension):
    assert native.status().active
    assert extension.compiler in native.status().reason
    assert extension.num_threads() >= 1


def test_an_extension_for_another_mlx_is_not_used(extension, monkeypatch):
    monkeypatch.setattr("kvist.native.version", lambda name: "0.0.1")
    kernels, reason = native._load()
    assert kernels is None
    assert "but mlx 0.0.1 is installed; run `python scripts/build_ext.py` again" in reason


def test_an_extension_that_refuses_arrays_is_not_used(extension, monkeypatch):
    def refuse(*_, **__):
        raise TypeError("rms_norm(): incompatible function arguments.")

    monkeypatch.setattr(extension, "rms_norm", refuse)
    kernels, reason = native._load()
    assert kernels is None
    assert reason.startswith("the self-check failed: rms_norm(): incompatible function arguments")
    monkeypatch.setattr(extension, "rms_norm", lambda x, *_, **__: x)
    assert native._load() == (
        None,
        "the self-check gave a wrong value; run `python scripts/build_ext.py` again",
    )


def test_the_extension_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("KVIST_NATIVE", "off")
    assert native._load() == (None, "switched off by KVIST_NATIVE")


def test_what_is_missing_is_said_once_and_mlx_is_used(monkeypatch):
    """Without an extension, and with one built before an op was written."""
    x, weight = mx.ones((2, 64)), quantize(mx.random.normal((8, 64), key=mx.random.key(0)))
    want = np.array(linear(x, weight, implementation="reference"))
    for found, reason in (
        (None, "no C\\+\\+ kernels"),
        (SimpleNamespace(rms_norm=None), "built without linear"),
    ):
        monkeypatch.setattr(native, "kernels", found)
        monkeypatch.setattr(native, "_told", False)
        with pytest.warns(RuntimeWarning, match=reason) as told:
            for _ in range(3):
                np.testing.assert_allclose(np.array(linear(x, weight)), want, rtol=1e-5)
                assert swiglu(x, x).shape == x.shape
        assert len(told) == 1
        with pytest.raises(KvistError, match=r"\[linear\] need the C\+\+ extension, got "):
            linear(x, weight, implementation="cpp")
