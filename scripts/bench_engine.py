"""Ratios of the engine, side by side in one run: with and without OpenBLAS under MLX.

Each measurement runs in a process of its own, since the BLAS is chosen when MLX loads; the two kinds take
turns, and medians are compared. Absolute numbers drift on a busy machine, large ratios do not.

    python scripts/bench_engine.py [--repeat 3] [--json]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from kvist import blas  # first: puts OpenBLAS under MLX

import mlx.core as mx  # isort: skip

from kvist.decode import SamplingParams, generate_tokens
from kvist.errors import KvistError
from kvist.models import Qwen3, Qwen3Config, load_model, tiny_path

MATMULS = [(1, 1024, 3072), (16, 1024, 3072), (512, 1024, 3072)]
PROMPT, DECODED = 128, 64
# 3.7 million parameters: the size at which the BLAS still decides.
SMALL = Qwen3Config(
    vocab_size=1024,
    hidden_size=256,
    intermediate_size=768,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=64,
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Ratios with and without OpenBLAS under MLX.")
    parser.add_argument("--repeat", type=int, default=3, help="processes of each kind (default: 3)")
    parser.add_argument("--json", action="store_true", help="print medians as JSON")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure()))
        return
    if not blas.status().active:
        print(f"note: no OpenBLAS under MLX here, both columns are the same: {blas.status().reason}")
    runs: dict[str, list[dict[str, float]]] = {"off": [], "on": []}
    for _ in range(arguments.repeat):
        for setting, results in runs.items():
            results.append(measure_in_process(setting))
    medians = {
        setting: {name: statistics.median(run[name] for run in results) for name in results[0]}
        for setting, results in runs.items()
    }
    print(json.dumps(medians, indent=2) if arguments.json else table(medians))


def measure_in_process(setting: str) -> dict[str, float]:
    env = os.environ | {"KVIST_BLAS": setting, "MLX_DISABLE_COMPILE": "1"}
    command = [sys.executable, __file__, "--measure"]
    return json.loads(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout)


def measure() -> dict[str, float]:
    """Every figure, higher is better, by name."""
    figures = {f"matmul {m}x{k}x{n} GFLOP/s": matmul_gflops(m, k, n) for m, k, n in MATMULS}
    mx.random.seed(0)
    models = {"3.7 M random": Qwen3(SMALL)}
    try:
        models["bundled tiny"] = load_model(tiny_path(), dtype=mx.float32)[0]
    except KvistError as error:
        print(error, file=sys.stderr)
    for name, model in models.items():
        prefill, decode = token_speeds(model)
        figures |= {f"{name} prefill tok/s": prefill, f"{name} decode tok/s": decode}
    return figures


def matmul_gflops(m: int, k: int, n: int) -> float:
    a, b = mx.random.normal((m, k)), mx.random.normal((k, n))
    mx.eval(a, b)
    seconds = median_seconds(lambda: mx.eval(a @ b), repeat=3 if m * k * n > 1e9 else 9)
    return 2 * m * k * n / seconds / 1e9


def token_speeds(model: Qwen3) -> tuple[float, float]:
    """Tokens per second of prefill and of decoding, greedy, one sequence."""
    prompt = [index % model.vocab_size for index in range(PROMPT)]
    prefill, decode = [], []
    for _ in range(2):  # the first one warms up
        tokens = generate_tokens(model, prompt, SamplingParams(max_tokens=DECODED + 1))
        prefill.append(PROMPT / seconds_of(partial(next, tokens)))
        decode.append(DECODED / seconds_of(partial(list, tokens)))
    return prefill[-1], decode[-1]


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    work()
    return statistics.median(seconds_of(work) for _ in range(repeat))


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def table(medians: dict[str, dict[str, float]]) -> str:
    rows = [f"{'':36}{'without':>10}{'with':>10}{'ratio':>9}"]
    for name, off in medians["off"].items():
        on = medians["on"][name]
        rows.append(f"{name:36}{off:10.1f}{on:10.1f}{on / off:8.1f}x")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
