"""Guards kvist doctor: one line for each part, true when a part is there and when it is not."""

import json

import mlx.core as mx
import pytest

from kvist import blas, doctor, native
from kvist.errors import KvistError


def test_one_line_each() -> None:
    checks = doctor.run_checks()
    names = ["python", "mlx", "device", "threads", "blas", "extension", "metal", "tiny model"]
    assert [check.name for check in checks] == names
    assert all("\n" not in check.line() for check in checks)
    assert json.loads(json.dumps(doctor.as_json(checks)))[0]["ok"] is True


def test_line() -> None:
    assert doctor.Check("blas", True, "OpenBLAS").line() == "blas           ok  OpenBLAS"
    assert (
        doctor.Check("blas", False, "none", "build it").line() == "blas           --  none (hint: build it)"
    )


def test_a_loaded_blas_that_is_not_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_status", blas.BlasStatus(True, "libopenblas.so", "because"))
    monkeypatch.setattr(doctor, "matmul_equals_numpy", lambda: False)
    check = doctor.check_blas()
    assert not check.ok and "libopenblas.so was loaded, but MLX does not compute with it" in check.value


def test_extension_absent_and_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "status", lambda: native.NativeStatus(False, "not built"))
    assert doctor.check_extension() == doctor.Check("extension", False, "no C++ kernels: not built")
    monkeypatch.setattr(native, "status", lambda: native.NativeStatus(True, "built by us"))
    monkeypatch.setattr(doctor, "rms_norm", lambda x, weight, implementation: x + len(implementation))
    check = doctor.check_extension()
    assert not check.ok and check.value == "built by us; self-check off by 6"


def test_no_compiler_for_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx.metal, "is_available", lambda: False)
    monkeypatch.setenv("CXX", "no-such-compiler")
    check = doctor.check_metal()
    assert not check.ok and check.hint and "CXX=no-such-compiler" in check.value
    monkeypatch.setattr(doctor, "compiler", lambda: (["/bin/c++"], "version 1"))
    assert doctor.check_metal().value == "emulated on the CPU, compiled by /bin/c++ (version 1)"


def test_tiny_model_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise KvistError("tiny_path", "the bundled checkpoint", "nothing", "train it")

    monkeypatch.setattr(doctor, "tiny_path", missing)
    assert doctor.check_tiny_model() == doctor.Check("tiny model", False, "missing", "train it")
