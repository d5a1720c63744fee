"""Ratios of the C++ kernels on the CPU, side by side in one run, at the shapes of Qwen3-0.6B.

Each row's contestants take turns, and medians are compared: absolute numbers drift on a busy machine, large
ratios do not. The bound of a product is measured in between, by reading the very memory of its weights in
one go, on the same threads: 200 MB, more than the caches hold, on large pages as `load_model` puts them. What
a product loses to Python and to MLX counts against it. Other engines are measured where they are installed,
else left out with a word. Attention is compared twice: with MLX as it comes from its wheel, in a process
of its own, and on the OpenBLAS that Kvist puts under it, which makes its float32 several times faster.

Where Linux groups processes by session (/proc/sys/kernel/sched_autogroup_enabled), `nice` says nothing about
those of other sessions; on a busy machine the group's own value, /proc/self/autogroup, does.
kernels/README.md has what came out, as ranges.

    python scripts/bench_cpu_kernels.py [--part linear attention decode] [--repeat 9] [--threads 2] [--best]
        [--small-pages]
        [--python PATH of an environment with torch, transformers, mlx-lm, llama-cpp-python and gguf]
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

parser = argparse.ArgumentParser(description="Ratios of the C++ kernels on the CPU.")
PARTS = ["linear", "attention", "decode"]
parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)")
parser.add_argument("--repeat", type=int, default=9, help="turns of each contestant (default: 9)")
parser.add_argument("--threads", type=int, default=2, help="threads for all of them (default: 2)")
parser.add_argument("--best", action="store_true", help="compare best turns, not medians: on a busy machine")
parser.add_argument("--small-pages", action="store_true", help="leave weights on pages of 4 KB")
parser.add_argument("--python", help="Python of an environment with the other engines")
if __name__ == "__main__":  # before anything that reads these when it is loaded
    arguments = parser.parse_args()
    for variable in ("KVIST_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(arguments.threads)
    os.environ["MLX_DISABLE_COMPILE"] = "1"

from kvist import blas, native  # first: puts OpenBLAS under MLX  # noqa: E402

import mlx.core as mx  # isort: skip  # noqa: E402
from mlx.utils import tree_flatten  # noqa: E402

from kvist.cache import BaseKVCache  # noqa: E402
from kvist.decode.generate import decode_step, prefill  # noqa: E402
from kvist.models import Qwen3, Qwen3Config  # noqa: E402
from kvist.nn import QuantizedEmbedding, RMSNorm  # noqa: E402
from kvist.ops import attention, linear  # noqa: E402
from kvist.quant import round_activations  # noqa: E402

from bench_cpu_products import Contestants, Turn, bench_products, packed, seconds_of  # isort: skip  # noqa: E402

QWEN = Qwen3Config(
    vocab_size=151936,
    hidden_size=1024,
    intermediate_size=3072,
    num_hidden_layers=28,
    num_attention_heads=16,
    num_key_value_heads=8,
    head_dim=128,
)
# (batch, queries, keys) of attention.
ATTENTION = [(1, 1, 80), (16, 1, 80), (1, 1, 1024), (16, 1, 1024), (1, 64, 64), (1, 256, 256)]
PROMPT = 64


def take_turns(contestants: Contestants, repeat: int) -> dict[str, float]:
    return seconds_of(contestants, repeat, arguments.best)


def move(weights: list[mx.array]) -> None:
    if not arguments.small_pages:
        native.use_huge_pages(weights)


def reader() -> tuple[Callable[[], object], int]:
    """Reads an array of 256 MB once, by our own kernel of least arithmetic; and its bytes."""
    weight = mx.zeros((65536, 1024), mx.float32)
    x = mx.zeros((1, 1024))
    mx.eval(weight, x)
    move([weight])
    return lambda: mx.eval(linear(x, weight, implementation="cpp")), weight.nbytes


def bench_attention(repeat: int) -> None:
    if blas.status().active:
        as_it_comes = [sys.executable, __file__, "--part", "attention", "--repeat", str(repeat)]
        environment = os.environ | {"KVIST_BLAS": "off"}
        sys.stdout.flush()
        subprocess.run([*as_it_comes, "--threads", str(arguments.threads)], env=environment, check=True)
    print(
        "\nattention, 16 query heads, 8 KV heads, head_dim 128; ms; reading as many bytes takes a share of it"
    )
    print("mlx: on the OpenBLAS that Kvist gives it" if blas.status().active else "mlx: as it comes")
    print(f"{'dtype':>10}{'batch':>7}{'L':>6}{'S':>6}{'mlx':>10}{'cpp':>9}{'ratio':>8}{'reading':>9}")
    nothing = mx.zeros((1, 512))
    for dtype, (batch, length, keys) in itertools.product((mx.float32, mx.bfloat16), ATTENTION):
        q = mx.random.normal((batch, 16, length, 128)).astype(dtype)
        k, v = (mx.random.normal((batch, 8, keys, 128)).astype(dtype) for _ in range(2))
        plain = mx.concatenate([k, v]).view(mx.float32).reshape(-1, 512)
        mx.eval(q, k, v, plain, nothing)
        mask = "causal" if length > 1 else None
        # A step has one in each layer; to wake threads up counts once.
        count = QWEN.num_hidden_layers if keys == 80 else 4
        runs: dict[str, Callable[[], object]] = {
            name: lambda name=name, q=q, k=k, v=v, mask=mask, count=count: mx.eval(
                [attention(q, k, v, mask=mask, implementation=name) for _ in range(count)]
            )
            for name in ("mlx", "cpp")
        }
        runs["read"] = lambda plain=plain, count=count: mx.eval(
            [linear(nothing, plain, implementation="cpp") for _ in range(count)]
        )
        seconds = {name: s / count for name, s in take_turns(runs, repeat).items()}
        ratio, name = seconds["mlx"] / seconds["cpp"], str(dtype).rpartition(".")[2]
        times = f"{seconds['mlx'] * 1e3:10.2f}{seconds['cpp'] * 1e3:9.3f}{ratio:7.0f}x"
        print(f"{name:>10}{batch:7}{length:6}{keys:6}{times}{seconds['read'] / seconds['cpp']:9.0%}")


def random_qwen() -> Qwen3:
    """The whole model with random packed weights, float32 activations."""
    model = Qwen3(QWEN)
    for layer in model.model.layers:
        for part, names in ((layer.self_attn, "qkvo"), (layer.mlp, ("gate", "up", "down"))):
            for name in names:
                plain = getattr(part, f"{name}_proj")
                n, k = plain.weight.shape
                plain.weight = mx.zeros((n, k), mx.bfloat16)
                setattr(part, f"{name}_proj", plain.to_quantized(64, 4))
    model.model.embed_tokens.weight = mx.zeros((QWEN.vocab_size, QWEN.hidden_size), mx.bfloat16)
    model.model.embed_tokens = model.model.embed_tokens.to_quantized(64, 4)
    model.model.embed_tokens.dtype = mx.float32
    weights = []
    for name, x in tree_flatten(model.parameters()):
        if name.endswith(".weight") and x.dtype == mx.uint32:
            n, words = x.shape
            fresh = packed(n, words * 8)
            stem = name.removesuffix("weight")
            weights += [
                (name, fresh.packed),
                (stem + "scales", fresh.scales),
                (stem + "biases", fresh.biases),
            ]
    model.load_weights(weights, strict=False)
    mx.eval(model.parameters())
    move([x for _, x in tree_flatten(model.parameters())])  # as `load_model` does
    return model


class Steps:
    """Decode steps of one model in several ways; `step` is one of them as a contestant."""

    def __init__(self) -> None:
        self.model = random_qwen()
        self.caches: dict[mx.Dtype, list[BaseKVCache]] = {}

    def be(self, dtype: mx.Dtype, activations: str | None, implementation: str | None) -> None:
        """Compute in `dtype`, with rounded activations or not, in one primitive or layer by layer."""
        for module in self.model.modules():
            if isinstance(module, RMSNorm):
                module.weight = module.weight.astype(dtype)
            elif isinstance(module, QuantizedEmbedding):
                module.dtype = dtype
        round_activations(self.model, activations)
        self.model.model.implementation = implementation
        mx.eval(self.model.parameters())

    def step(self, dtype: mx.Dtype, activations: str | None, implementation: str | None = None) -> Turn:
        self.be(dtype, activations, None)
        cache = self.caches.setdefault(dtype, self.model.make_cache())
        if not cache[0].offset:
            mx.eval(prefill(self.model, list(range(PROMPT)), cache))

        def run() -> None:
            mx.eval(decode_step(self.model, 7, cache))
            for layer in cache:
                layer.trim(1)

        return Turn(lambda: self.be(dtype, activations, implementation), run)


def bench_decode(repeat: int, python: str | None) -> None:
    steps, (read, read_bytes) = Steps(), reader()
    weight_bytes = sum(x.nbytes for _, x in tree_flatten(steps.model.parameters()))
    ways = {
        "float32, layer by layer": steps.step(mx.float32, None, "layers"),
        "float32": steps.step(mx.float32, None),
        "bfloat16": steps.step(mx.bfloat16, None),
        "float32, int8 activations": steps.step(mx.float32, "int8"),
    }
    seconds = take_turns({"read": read, **ways}, repeat)
    bandwidth = read_bytes / seconds.pop("read") / 1e9
    bound = weight_bytes / bandwidth / 1e9
    print(f"\nwhole decode step, 4-bit, {PROMPT}-token prompt, {arguments.threads} threads")
    print(f"bound: {weight_bytes / 1e6:.0f} MB at {bandwidth:.1f} GB/s = {bound * 1e3:.1f} ms")
    for name, value in seconds.items():
        print(f"{name:>27}: {value * 1e3:6.1f} ms, {1 / value:5.1f} tok/s, {bound / value:4.0%} of the bound")
    for name in ("float32", "bfloat16", "float32, int8 activations"):
        where_it_goes(steps.model, name, ways[name], repeat)
    others(python, ways, repeat)


def built(model: Qwen3, cache: list[BaseKVCache]) -> None:
    decode_step(model, 7, cache)
    for layer in cache:
        layer.trim(1)


def where_it_goes(model: Qwen3, name: str, way: Turn, repeat: int) -> None:
    """Milliseconds of a token: inside of the primitive by its own clock, around it by the whole."""
    turns = []
    way.prepare()
    for _ in range(repeat):
        native.kernels.decoder_seconds()
        started = time.perf_counter()
        way()
        turns.append((time.perf_counter() - started, native.kernels.decoder_seconds()))
    total, inside = sorted(turns)[0 if arguments.best else repeat // 2]  # one turn, so that its parts add up
    x, cache = mx.zeros((1, 1, QWEN.hidden_size), model.model.embed_tokens.dtype), model.make_cache()
    mx.eval(x)
    around = take_turns(
        {
            "output layer": lambda: mx.eval(model.model.embed_tokens.as_linear(x)),
            "graph, built only": lambda: built(model, cache),
        },
        repeat,
    )
    parts = {
        "q, k and v": inside[1],
        "o": inside[4],
        "gate, up and SwiGLU": inside[6],
        "down": inside[8],
        "attention, rotations, cache": inside[2],
        "norms, and rounding what products take": inside[0] + inside[3] + inside[5] + inside[7] + inside[9],
        **around,
    }
    parts["the rest: embedding, hand-over between threads"] = total - sum(parts.values())
    print(f"where {total * 1e3:.1f} ms go ({name}):")
    for part, value in parts.items():
        print(f"  {value * 1e3:7.2f} ms  {part}")


def others(python: str | None, ways: dict[str, "Turn"], repeat: int) -> None:
    """Each engine in a process of its own, between two measurements of ours."""
    if python is None:
        print("others: left out, give --python with an environment that has them")
        return
    script = Path(__file__).with_name("bench_cpu_peers.py")
    for engine in ("mlx-lm", "torch", "llama.cpp"):
        command = [python, str(script), engine, "--threads", str(arguments.threads), "--repeat", str(repeat)]
        command += ["--best"] if arguments.best else []
        before = take_turns(ways, repeat)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"  {engine}: left out: {last}")
            continue
        after = take_turns(ways, repeat)
        seconds = json.loads(done.stdout.splitlines()[-1])["seconds"]
        print(f"{engine}: {1 / seconds:.2f} tok/s; kvist is")
        for name in ways:
            ours = (before[name] + after[name]) / 2
            print(f"{name:>27}: {seconds / ours:6.2f}x as fast, {1 / ours:.1f} tok/s")


if __name__ == "__main__":
    if native.kernels is None:
        sys.exit(f"bench: need the C++ extension, got none: {native.status().reason}")
    print(f"{native.status().reason}, {native.kernels.isa()}")
    if "linear" in arguments.part:
        bench_products(arguments.repeat, arguments.best, move)
    if "attention" in arguments.part:
        bench_attention(arguments.repeat)
    if "decode" in arguments.part:
        bench_decode(arguments.repeat, arguments.python)
