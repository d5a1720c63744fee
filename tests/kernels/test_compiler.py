"""Guards the cache of compiled kernels: safe under concurrency, keyed by content, in a writable place."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kvist.errors import KvistError
from kvist.metal import compiler, files

RUN = '''
import mlx.core as mx
from kvist.metal import Output, emulate
source = """
[[kernel]] void k(device int* out, uint i [[thread_position_in_grid]]) { out[i] = int(i) * 7; }
"""
print(emulate(source, (40, 1, 1), (40, 1, 1), {"out": Output((40,), mx.int32)}).outputs["out"].tolist())
'''


def run_in_process(cache: Path) -> str:
    command = [sys.executable, "-c", RUN]
    path = os.environ.get("PYTHONPATH", "")
    env = {"PATH": "/usr/bin:/bin", "KVIST_CACHE": str(cache), "HOME": str(cache), "PYTHONPATH": path}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.slow
def test_processes_may_compile_the_same_kernel_at_once(emulator, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        printed = list(pool.map(run_in_process, [tmp_path] * 2))
    assert printed == [str([7 * i for i in range(40)])] * 2
    left = sorted(p.name for p in (tmp_path / "metal").iterdir())
    # One program, one object of the runtime, the library parsed, and nothing half-done.
    if "clang" not in compiler.compiler()[1]:
        assert [Path(name).suffix for name in sorted(left, key=lambda n: Path(n).suffix)] == [
            "",
            ".gch",
            ".h",
            ".o",
        ]


@pytest.mark.slow
def test_another_text_is_another_program(emulator, tmp_path, monkeypatch):
    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path)
    compiler._program.cache_clear()
    text = (
        "#include <metal_stdlib>\n"
        "namespace kvist_emulator {{ const Layout layouts[] = {{{{1, 1, 1}}}};\n"
        'extern const char* const spaces; const char* const spaces = "d";\n'
        "void run_thread(void* const*, const Thread&) {{ {} }} }}\n"
    )
    first = compiler.program(text.format("volatile int a = 1;"), "k.metal", check=False)
    number = first.stat().st_ino
    assert compiler.program(text.format("volatile int a = 2;"), "k.metal", check=False) != first
    compiler._program.cache_clear()
    assert compiler.program(text.format("volatile int a = 1;"), "k.metal", check=False) == first
    assert first.stat().st_ino == number  # found, not made again


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("kernel.metal:3:5: error: invalid conversion\n", True),
        ("g++: fatal error: Killed signal terminated program cc1plus\n", False),
        ("cc1plus: out of memory allocating 65536 bytes\nkernel.metal:3:5: error: it\n", False),
        ("kernel.metal:9:1: fatal error: error writing to /tmp/x.s: No space left on device\n", False),
        ("kernel.metal:3:5: internal compiler error: Segmentation fault\n", False),
        ("", False),
    ],
)
def test_only_a_text_that_is_refused_is_compiled_without_index_checks(monkeypatch, tmp_path, said, plain):
    """A compiler that was stopped must not leave a program without them in the cache."""
    asked = []

    def run(command, **_):
        asked.append(command)
        stopped = "-DKVIST_BOUNDS" in command and "-c" in command
        if not stopped and "-o" in command:
            Path(command[command.index("-o") + 1]).touch()
        return subprocess.CompletedProcess(command, 1 if stopped else 0, "", said if stopped else "")

    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(compiler.subprocess, "run", run)
    compiler._program.cache_clear()
    try:
        if plain:
            assert compiler.program("text", "kernel.metal", check=True).exists()
        else:
            with pytest.raises(KvistError):
                compiler.program("text", "kernel.metal", check=True)
            assert not [c for c in asked if "-c" in c and "kernel.cpp" in c[-3] and "-DKVIST_BOUNDS" not in c]
            assert not [p for p in tmp_path.iterdir() if not p.suffix]
    finally:
        compiler._program.cache_clear()


def test_a_cache_that_cannot_be_written_is_replaced(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("KVIST_CACHE", str(blocked))
    folder = files.cache_folder.__wrapped__()
    assert folder.is_dir()
    assert not folder.is_relative_to(tmp_path / "file")


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_outside_a_checkout_the_cache_is_the_users(monkeypatch, tmp_path, platform):
    monkeypatch.setattr(files, "checkout_root", lambda: None)
    monkeypatch.setattr(files.sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KVIST_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    want = {"linux": ".cache/kvist/metal", "darwin": "Library/Caches/kvist/metal"}[platform]
    assert files.cache_folder.__wrapped__() == tmp_path / want


def test_the_cache_is_bounded_and_the_least_recently_used_go_first(tmp_path):
    for number in range(10):
        path = tmp_path / f"program{number}"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (number, number))
    os.utime(tmp_path / "program0", (99, 99))  # used again
    (tmp_path / "compiling-x").mkdir()  # another process at work
    files.prune(tmp_path, max_bytes=3500)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["compiling-x", "program0", "program8", "program9"]


def test_the_ziglang_package_is_a_compiler(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compiler.importlib.util, "find_spec", lambda name: name == "ziglang")
    monkeypatch.setattr(compiler, "_version", lambda command: "clang version 22")
    assert compiler.compiler() == ([sys.executable, "-m", "ziglang", "c++"], "clang version 22")
