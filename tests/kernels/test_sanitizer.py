"""Guards the C++ kernels' memory (AddressSanitizer, UBSan), and that no vector code leaks into the rest."""

import os
import platform
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kvist.metal.files import checkout_root

from .conftest import need

KERNELS = checkout_root() / "kernels"
MAIN = Path(__file__).parent / "sanitizer" / "main.cpp"
OPS = ["attention/attention", "common/elementwise", "linear/linear"]
AVX2 = ["-mavx2", "-mfma", "-mf16c"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"]
# AVX-512 without VNNI is the same source but for one function, and would cost as much again to compile.
X86 = {"avx2": ("avx2", AVX2), "avx512vnni": ("avx512", [*AVX512, "-mavx512vnni"])}
FLAGS = [
    "-std=c++20",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-w",
    "-Wno-psabi",
    f"-I{KERNELS}",
]


def sets() -> dict[str, tuple[str, list[str]]]:
    machine = platform.machine().lower()
    own = (
        X86
        if machine in {"x86_64", "amd64"}
        else {"neon": ("neon", [])}
        if machine in {"aarch64", "arm64"}
        else {}
    )
    return {"portable": ("portable", [])} | own


def target() -> str:
    """The definition that says which sets common/isa.cpp may offer."""
    return "-DKVIST_X86" if "avx2" in sets() else "-DKVIST_NEON" if "neon" in sets() else "-DKVIST_NONE"


@pytest.fixture
def compiler() -> str:
    found = shutil.which("g++") or shutil.which("clang++")
    need(found is not None, "no C++ compiler: Debian, Ubuntu: apt-get install g++")
    return str(found)


def compile_all(compiler: str, folder: Path, extra: list[str], *, vector_only: bool = False) -> list[str]:
    """Every vector source for every instruction set, and what picks among them."""
    commands, objects = [], []
    for name, (header, flags) in sets().items():
        if vector_only and name == "portable":
            continue
        define = [f"-DKVIST_ISA={name}", f'-DKVIST_SIMD_HEADER="common/simd_{header}.h"']
        for op in OPS:
            objects.append(str(folder / f"{Path(op).name}_{name}.o"))
            commands.append([*flags, *define, "-c", str(KERNELS / f"{op}_isa.cpp"), "-o", objects[-1]])
    rest = [] if vector_only else ["common/isa.cpp", *(f"{op}_kernels.cpp" for op in OPS)]
    for source in rest:
        objects.append(str(folder / f"{Path(source).stem}.o"))
        commands.append([target(), "-c", str(KERNELS / source), "-o", objects[-1]])

    def compile_one(command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run([compiler, *FLAGS, *extra, *command], capture_output=True, text=True)

    with ThreadPoolExecutor(2) as pool:
        for done in pool.map(compile_one, commands):
            assert done.returncode == 0, done.stderr[-3000:]
    return objects


@pytest.mark.slow
@pytest.mark.timeout(1200)  # two minutes of compiling, and more on a busy machine
def test_no_kernel_reads_or_writes_beside_its_buffers(compiler, tmp_path):
    sanitize = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    objects = compile_all(compiler, tmp_path, sanitize)
    program = tmp_path / "main"
    command = [compiler, *FLAGS, *sanitize, target(), str(MAIN), *objects, "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr[-3000:]
    done = subprocess.run([str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    compared = re.fullmatch(r"(\d+) values compared\n", done.stdout)
    assert compared and int(compared[1]) > 100_000


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("sanitizer", ["address,undefined", "thread"])
def test_a_decode_step_on_several_threads_is_clean(compiler, tmp_path, sanitizer):
    """The portable lanes alone: what is looked at here is how threads share the work."""
    files = ["decoder/decode", "linear/products", "rms_norm/rms_norm_row"]
    files += [f"common/{name}" for name in ("isa", "parallel", "together")]
    files += [f"{op}_{part}" for op in OPS for part in ("isa", "kernels")]
    sources = [str(KERNELS / f"{name}.cpp") for name in files]
    sanitize = ["-O1", f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", "-pthread"]
    command = [compiler, *FLAGS, *sanitize, "-DKVIST_NONE", str(MAIN.with_name("decode.cpp")), *sources]
    built = subprocess.run([*command, "-o", str(tmp_path / "decode")], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr[-3000:]
    for threads in ("1", "4", "4", "8"):  # whether one comes late is a matter of luck
        environment = os.environ | {"KVIST_THREADS": threads}
        done = subprocess.run([str(tmp_path / "decode")], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
        assert re.fullmatch(r"\d{4,} values compared, [0-9a-f]{16}\n", done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_vector_code_shares_no_function_with_the_rest(compiler, tmp_path):
    """The linker keeps one copy of an inline function, which may hold instructions that a machine lacks."""
    need(shutil.which("nm") is not None, "no nm")
    for name in compile_all(compiler, tmp_path, ["-O0"], vector_only=True):
        symbols = subprocess.run(["nm", "-C", name], capture_output=True, text=True).stdout.splitlines()
        weak = [line for line in symbols if re.search(r" [WVu] (?!DW\.ref)", line)]
        assert not weak, weak
