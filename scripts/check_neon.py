"""Run the C++ kernels' vector code for 64-bit ARM (NEON) cross-compiled, in an emulator.

Needs aarch64-linux-gnu-g++ and qemu-aarch64: on Debian and Ubuntu g++-aarch64-linux-gnu and qemu-user.
Compares NEON with sums in float64 and, bit by bit, with the portable lanes: linear, attention, swiglu, exp,
softmax, norm and rotation of heads, and a whole decode step on 1 and 4 threads. MLX and Python take no part.
Exit codes: 0 all is well, 1 something differs or does not compile, 3 a tool is missing (one line says which).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNELS, MAINS = ROOT / "kernels", ROOT / "tests" / "kernels" / "sanitizer"
COMPILER, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64"
OPS = ["attention/attention", "common/elementwise", "linear/linear"]
REST = ["decoder/decode", "linear/products", "rms_norm/rms_norm_row"]
REST += [f"common/{name}" for name in ("isa", "parallel", "together")] + [f"{op}_kernels" for op in OPS]
FLAGS = ["-std=c++20", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-w", "-static"]


def run(command: list[str], **environment: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode:
        raise SystemExit(f"check_neon: {Path(command[0]).name} failed\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def build(folder: Path) -> None:
    """folder/main and folder/decode."""
    compile_one = [COMPILER, *FLAGS, f"-I{KERNELS}", "-pthread", "-DKVIST_NEON", "-c"]
    jobs: dict[str, list[str]] = {}
    for isa in ("portable", "neon"):
        defines = [f"-DKVIST_ISA={isa}", f'-DKVIST_SIMD_HEADER="common/simd_{isa}.h"']
        jobs |= {f"{Path(op).name}_{isa}.o": [*defines, str(KERNELS / f"{op}_isa.cpp")] for op in OPS}
    jobs |= {f"{Path(name).name}.o": [str(KERNELS / f"{name}.cpp")] for name in REST}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: run([*compile_one, *job[1], "-o", str(folder / job[0])]), jobs.items()))
    objects = [str(folder / name) for name in jobs]
    for name in ("main", "decode"):
        source = str(MAINS / f"{name}.cpp")
        link = [COMPILER, *FLAGS, f"-I{KERNELS}", "-pthread", "-DKVIST_NEON", source, *objects]
        run([*link, "-o", str(folder / name)])


def main() -> int:
    missing = [tool for tool in (COMPILER, EMULATOR) if shutil.which(tool) is None]
    if missing:
        print(f"check_neon: no {missing[0]}. Debian, Ubuntu: apt-get install g++-aarch64-linux-gnu qemu-user")
        return 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        print("kernels, neon as portable:", run([EMULATOR, str(folder / "main")]).strip())
        step = [EMULATOR, str(folder / "decode")]
        wanted = run(step, KVIST_ISA="portable", KVIST_THREADS="1")
        for threads in ("1", "4"):
            got = run(step, KVIST_ISA="neon", KVIST_THREADS=threads)
            if got != wanted:
                print(
                    f"check_neon: decode step on {threads} threads: portable {wanted}neon {got}",
                    file=sys.stderr,
                )
                return 1
        print("decode step, neon as portable:", wanted.strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
