"""Guards the BLAS under MLX: in effect when it says so, and every reason against it is told and harmless.

The choice is made once per process, before MLX loads, so each case runs in a process of its own.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from kvist import blas

MATMUL = """
    import mlx.core as mx
    assert (mx.ones((3, 4)) @ mx.ones((4, 5))).tolist() == [[4.0] * 5] * 3
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="the shim is for Linux")
built = pytest.mark.skipif(
    not blas.SHIM.exists() and not os.environ.get("CI"), reason="not built; run scripts/build_ext.py"
)


def run(script: str, **env: str) -> str:
    """Output of a Python script in a fresh process."""
    command = [sys.executable, "-c", textwrap.dedent(script)]
    inherited = {name: value for name, value in os.environ.items() if name != "KVIST_BLAS"}
    done = subprocess.run(command, capture_output=True, text=True, env=inherited | env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_module(changes: str) -> str:
    """Status of blas.py alone after `changes` to it; a matmul must still work afterwards."""
    script = f"""
        import importlib.util, pathlib, sys
        spec = importlib.util.spec_from_file_location("blas", {str(blas.__file__)!r})
        blas = sys.modules["blas"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(blas)
        {changes}
        print(blas.install())
    """
    return run(textwrap.dedent(script) + textwrap.dedent(MATMUL))


@linux
@built
def test_in_effect_by_itself() -> None:
    script = """
        from kvist import blas, doctor
        import mlx.core as mx, numpy as np
        print(blas.status().active, doctor.matmul_equals_numpy())
        a = mx.array(np.arange(6).reshape(2, 3) + 1j)
        print(np.array_equal(np.array(a @ a.T), np.array(a) @ np.array(a).T))  # cgemm is forwarded too
    """
    assert run(script).split() == ["True", "True", "True"]


@linux
@pytest.mark.slow
def test_switched_off() -> None:
    script = """
        from kvist import blas, doctor
        print(blas.status().active, doctor.matmul_equals_numpy(), blas.status().reason)
    """
    assert run(script, KVIST_BLAS="off") == "False False switched off by KVIST_BLAS=off\n"


@linux
@built
@pytest.mark.slow
def test_mlx_imported_first() -> None:
    script = """
        import mlx.core as mx
        before = mx.ones((3, 4)) @ mx.ones((4, 5))
        mx.eval(before)
        from kvist import blas, doctor
        print(blas.status().active, doctor.matmul_equals_numpy(), blas.status().reason)
    """
    assert run(script) == "True True OpenBLAS of the numpy wheel, put under MLX after it was loaded\n"


@linux
@built
def test_mlx_imported_first_and_not_to_be_turned(tmp_path: Path) -> None:
    # a shim that finds nothing to turn, as with an MLX whose jump table is read-only
    (tmp_path / "shim.c").write_text(
        "int kvist_blas_shim_open(char *p) { return 1; } int kvist_blas_shim_rebind(void) { return 0; }"
    )
    compiler = shutil.which("cc") or shutil.which("gcc") or pytest.skip("no C compiler")
    command = [compiler, "-shared", "-fPIC", str(tmp_path / "shim.c"), "-o", str(tmp_path / "shim.so")]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    status = run_module(f'import mlx.core; blas.SHIM = pathlib.Path("{tmp_path / "shim.so"}")')
    assert "active=False" in status and "mlx.core was imported before kvist" in status


@linux
@built
def test_small_matmuls_leave_the_threads_of_numpy_alone() -> None:
    script = """
        import ctypes
        from kvist import blas
        import mlx.core as mx
        threads = ctypes.CDLL(blas.status().library).scipy_openblas_get_num_threads64_
        before, x = threads(), mx.random.normal((64, 64))
        streams = [mx.new_stream(mx.cpu) for _ in range(4)]  # each runs on a thread of its own
        for _ in range(100):
            mx.eval([mx.matmul(x, x, stream=stream) for stream in streams])
        print(before, threads())
    """
    before, after = run(script, OPENBLAS_NUM_THREADS="2").split()
    assert before == after == str(min(2, len(os.sched_getaffinity(0))))


@linux
def test_shim_not_built() -> None:
    status = run_module('blas.SHIM = pathlib.Path("/nowhere/shim.so")')
    assert "active=False" in status and "the BLAS shim is not built" in status


@linux
def test_shim_of_another_machine(tmp_path: Path) -> None:
    (tmp_path / "shim.so").write_text("not a library")
    status = run_module(f'blas.SHIM = pathlib.Path("{tmp_path / "shim.so"}")')
    assert "active=False" in status and "the shim cannot be loaded" in status


@linux
@built
def test_numpy_without_openblas() -> None:
    status = run_module("blas.find_openblas = lambda: None")
    assert "active=False" in status and "this numpy brings no OpenBLAS" in status


@linux
@built
def test_library_without_the_routines() -> None:
    status = run_module('blas.find_openblas = lambda: pathlib.Path("libm.so.6")')
    assert "active=False" in status and "libm.so.6 lacks a routine" in status


@linux
@built
@pytest.mark.parametrize(("m", "n", "k"), [(1, 5, 7), (5, 1, 7), (1, 1, 7), (4, 5, 7), (1, 64, 300)])
def test_every_form_of_sgemm(m: int, n: int, k: int) -> None:
    # called as MLX calls it; the output holds nan, which beta = 0 must not let through
    shim = ctypes.CDLL(str(blas.SHIM))
    assert shim.kvist_blas_shim_open(str(blas.find_openblas()).encode())
    generator, row_major, no_trans, trans, padding = np.random.default_rng(0), 101, 111, 112, 3
    floats = ctypes.POINTER(ctypes.c_float)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return generator.standard_normal((rows, columns + padding), dtype=np.float32)

    for trans_a, trans_b, (alpha, beta) in product([False, True], [False, True], [(1.0, 0.0), (0.5, 2.0)]):
        a, b = matrix(k, m) if trans_a else matrix(m, k), matrix(n, k) if trans_b else matrix(k, n)
        c = np.full((m, n + padding), np.nan, np.float32) if beta == 0 else matrix(m, n)
        expected = (
            alpha
            * (a[:, :-padding].T if trans_a else a[:, :-padding]).astype(np.float64)
            @ (b[:, :-padding].T if trans_b else b[:, :-padding])
        )
        expected = expected + beta * c[:, :n] if beta else expected
        untouched = c[:, n:].copy()
        shim.cblas_sgemm(
            row_major, trans if trans_a else no_trans, trans if trans_b else no_trans, m, n, k,
            ctypes.c_float(alpha), a.ctypes.data_as(floats), a.shape[1], b.ctypes.data_as(floats), b.shape[1],
            ctypes.c_float(beta), c.ctypes.data_as(floats), c.shape[1],
        )  # fmt: skip
        np.testing.assert_allclose(c[:, :n], expected, atol=1e-4)
        np.testing.assert_array_equal(c[:, n:], untouched)


def test_not_linux() -> None:
    status = run_module('sys.platform = "darwin"')
    assert "active=False" in status and "Accelerate" in status


def test_import_kvist_loads_no_engine() -> None:
    script = """
        import sys, kvist
        print([name for name in ("mlx.core", "numpy", "kvist.ops", "kvist.models") if name in sys.modules])
    """
    assert run(script) == "[]\n"


def test_threads_get_one_answer() -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = set(map(id, pool.map(lambda _: blas.install(), range(32))))
    assert answers == {id(blas.status())}
