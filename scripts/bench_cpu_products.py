"""The products of bench_cpu_kernels.py, and how its contestants take turns. Run that one.

A product by itself is measured in two ways: many in one graph, and one `mx.eval` each, which has to wake
threads up every time. Beside each stands reading the same pages in the same way, by products of float32
weights, which have the least arithmetic; and beside the first, reading them in one go.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import mlx.core as mx

from kvist.ops import QuantizedWeight, linear
from kvist.ops.linear import linears

# (N, K) of the products of one layer.
PRODUCTS = [(2048, 1024), (1024, 1024), (1024, 2048), (3072, 1024), (1024, 3072)]
OUTPUT = (151936, 1024)
# The same in their order, those that are made of one x together: q, k, v; o; gate, up; down.
LAYER = [[(2048, 1024), (1024, 1024), (1024, 1024)], [(1024, 2048)], [(3072, 1024)] * 2, [(1024, 3072)]]
LAYERS = 28
SIZE = 200_000_000  # bytes of weights in a round: more than the caches hold, as in a model
Contestants = Mapping[str, Callable[[], object]]
Move = Callable[[list[mx.array]], None]


class Turn(NamedTuple):
    """A contestant that needs something done before its turn, outside of the measured time."""

    prepare: Callable[[], object]
    run: Callable[[], object]

    def __call__(self) -> object:
        return self.run()


def seconds_of(contestants: Contestants, repeat: int, best: bool) -> dict[str, float]:
    """Median seconds of each, or the least; the order changes from turn to turn."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        if isinstance(run, Turn):
            run.prepare()
        run()
    for turn in range(repeat):
        names = list(contestants)
        for name in names if turn % 2 else reversed(names):
            run = contestants[name]
            if isinstance(run, Turn):
                run.prepare()
            started = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - started)
    middle = min if best else statistics.median
    return {name: middle(seconds) for name, seconds in times.items()}


def packed(n: int, k: int, bits: int = 4) -> QuantizedWeight:
    """Random numbers: rounding real ones would take longer than all measurements."""
    words = mx.random.randint(0, 2**31 - 1, (n, k * bits // 32), key=mx.random.key(n + k)).astype(mx.uint32)
    scales = mx.full((n, k // 64), 0.01 / 2**bits, mx.bfloat16)
    weight = QuantizedWeight(words, scales, -scales * 2 ** (bits - 1), 64, bits)
    mx.eval(weight.packed, weight.scales, weight.biases)
    return weight


class Memory:
    """Weights in one piece of memory, and the same pages as plain ones, for reading them."""

    def __init__(self, shapes: list[tuple[int, int]], move: Move) -> None:
        sizes = [n * k // 8 for n, k in shapes]
        words = mx.random.randint(0, 2**31 - 1, (sum(sizes),), key=mx.random.key(1)).view(mx.uint32)
        mx.eval(words)
        move([words])
        self.weights: list[QuantizedWeight] = []
        self.plain: list[mx.array] = []
        at = 0
        for (n, k), size in zip(shapes, sizes, strict=True):
            part = words[at : at + size]
            scales = mx.full(
                (n, k // 64), 0.01 / k**0.5, mx.bfloat16
            )  # a chain of products must not overflow
            self.weights.append(QuantizedWeight(part.reshape(n, k // 8), scales, -scales * 7.5, 64, 4))
            self.plain.append(part.view(mx.float32).reshape(-1, 512))
            at += size
        self.whole = words.view(mx.float32).reshape(-1, 512)
        self.x = mx.zeros((1, 512))
        mx.eval(self.whole, self.x, self.plain, [array for weight in self.weights for array in weight[:3]])
        self.bytes, self.read_bytes = sum(weight.nbytes for weight in self.weights), words.nbytes

    def read(self) -> None:
        mx.eval(linear(self.x, self.whole, implementation="cpp"))

    def read_one_by_one(self, alone: bool) -> None:
        each = (linear(self.x, part, implementation="cpp") for part in self.plain)
        evaluate(each, alone)

    def share(self, seconds: float, read: float) -> str:
        """Of the time that reading as many bytes takes."""
        return f"{read * self.bytes / self.read_bytes / seconds:.0%}"


def evaluate(each: Iterable[mx.array], alone: bool) -> None:
    if not alone:
        return mx.eval(list(each))
    for y in each:
        mx.eval(y)


def bench_products(repeat: int, best: bool, move: Move) -> None:
    print(
        "one row times 4-bit matrices, bfloat16 activations; us each. Reading the same pages takes a share of"
    )
    print("it: in one go (of bound), or by as many products of float32 (of reads)")
    print(f"{'':14}{'all in one graph':>53}{'an mx.eval each':>18}")
    titles = f"{'mlx':>8}{'cpp':>6}{'int8':>6}{'mlx/cpp':>9}{'GB/s':>6}{'of bound':>9}{'of reads':>9}"
    print(f"{'N x K':>14}{titles}{'cpp':>8}{'of reads':>10}")
    for n, k in [*PRODUCTS, OUTPUT]:
        memory = Memory([(n, k)] * max(1, round(SIZE / (n * k / 2))), move)
        one_shape(f"{n} x {k}", memory, mx.random.normal((1, k)).astype(mx.bfloat16), repeat, best)
    whole_layers(repeat, best, move)
    many_rows(best)


def one_shape(title: str, memory: Memory, x: mx.array, repeat: int, best: bool) -> None:
    weights = memory.weights

    def all_of(alone: bool = False, first: int = len(weights), **options: str) -> Callable[[], object]:
        return lambda: evaluate((linear(x, weight, **options) for weight in weights[:first]), alone)

    mx.eval(x)
    runs: Contestants = {
        "mlx": all_of(first=1, implementation="mlx"),
        "read": memory.read,
        "reads": lambda: memory.read_one_by_one(False),
        "reads alone": lambda: memory.read_one_by_one(True),
        "cpp": all_of(implementation="cpp"),
        "int8": all_of(activations="int8"),
        "alone": all_of(True, implementation="cpp"),
    }
    s = seconds_of(runs, repeat, best)
    mlx, cpp, int8, alone = (
        1e6 * s[name] / count
        for name, count in (("mlx", 1), *((name, len(weights)) for name in ("cpp", "int8", "alone")))
    )
    bound, reads = memory.share(s["cpp"], s["read"]), memory.share(s["cpp"], s["reads"])
    print(
        f"{title:>14}{mlx:8.0f}{cpp:6.0f}{int8:6.0f}{mlx / cpp:8.0f}x{memory.bytes / s['cpp'] / 1e9:6.1f}"
        f"{bound:>9}{reads:>9}{alone:8.0f}{memory.share(s['alone'], s['reads alone']):>10}"
    )


def whole_layers(repeat: int, best: bool, move: Move) -> None:
    """All products of all layers in one graph, each taking what the one before it gave."""
    shapes = [shape for _ in range(LAYERS) for group in LAYER for shape in group]
    memory = Memory(shapes, move)
    x = mx.random.normal((1, 1024)).astype(mx.bfloat16)
    mx.eval(x)

    def chain() -> None:
        y, weights = x, iter(memory.weights)
        for _ in range(LAYERS):
            for group in LAYER:
                y = linears(y, [next(weights) for _ in group], implementation="cpp")[0]
        mx.eval(y)

    s = seconds_of({"read": memory.read, "cpp": chain}, repeat, best)
    print(
        f"\nall products of a layer, one after the other, {LAYERS} layers in one graph: "
        f"{s['cpp'] / LAYERS * 1e6:.0f} us a layer, {memory.bytes / s['cpp'] / 1e9:.1f} GB/s, "
        f"{memory.share(s['cpp'], s['read'])} of the bound"
    )


def many_rows(best: bool) -> None:
    print("\nmany rows times 3072 x 1024, GFLOP/s")
    plain = mx.random.normal((3072, 1024))
    kinds = {"4-bit": packed(3072, 1024), "8-bit": packed(3072, 1024, 8), "bf16": plain.astype(mx.bfloat16)}
    for rows in (4, 16, 128):
        x = mx.random.normal((rows, 1024))
        mx.eval(x, plain, kinds["bf16"])
        runs = {"f32 BLAS": lambda x=x: mx.eval(linear(x, plain, implementation="mlx"))}
        for name, weight in kinds.items():
            runs[name] = lambda x=x, w=weight: mx.eval(linear(x, w, implementation="cpp"))
        runs["4-bit mlx"] = lambda x=x: mx.eval(linear(x, kinds["4-bit"], implementation="mlx"))
        speeds = {name: 2 * rows * 3072 * 1024 / s / 1e9 for name, s in seconds_of(runs, 3, best).items()}
        print(f"{rows:>6} rows  " + "  ".join(f"{name} {speed:.1f}" for name, speed in speeds.items()))
