"""Guards the ladders of Metal kernels: each version is right, silent, valid, and as its README counts it.

A ladder is described by a file beside this one, named after its folder in kernels/:

    OP         the folder
    VERSIONS   from the first to the last
    BEST       the one for the command line
    SHAPES     small and ragged, for the quick lane; WIDE: more of them, for the slow one
    case(version, dtype, shape)  -> a Launch and the values that it should give, by output, or None
    counted()  -> {version: Launch}, the table in the README
    MUTANTS    {what is broken: (version, text, in its place, kinds of reports of which one is needed)};
               "value": no detector sees it, the values do. The first one is in the quick lane.
    through_op(dtype)  -> what the operator gives with implementation="metal", and what it should give
    TOLERANCE  {dtype: relative error}, where rounding once is not the whole difference

`KVIST_UPDATE=1` writes what the READMEs have between their markers instead of comparing it.
"""

import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

import mlx.core as mx
import numpy as np
import pytest

from kvist.cli import main
from kvist.metal import Launch, Output, explain_source, kernel_path, signature, trace
from kvist.metal.compiler import compiler
from kvist.metal.kernel import Kernel
from kvist.metal.lint import lint
from kvist.metal.source import Source, load

pytestmark = pytest.mark.usefixtures("emulator")

HERE = Path(__file__).parent
DTYPES = (mx.float32, mx.bfloat16, mx.float16)
ORDERS = (("forward", 0), ("reverse", 0), ("random", 1), ("random", 2))
# One rounding to the type, and half a dozen in float32.
TOLERANCE = {mx.float32: 2e-6, mx.float16: 2**-10, mx.bfloat16: 2**-7}


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"ladder_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LADDERS = {p.stem: _load(p) for p in sorted(HERE.glob("*.py")) if not p.stem.startswith(("test_", "conf"))}
slow = pytest.mark.slow


def values_cases() -> list:
    cases = []
    for op, ladder in LADDERS.items():
        for version in ladder.VERSIONS:
            for dtype in DTYPES:
                name = f"{op}-{version}-{str(dtype).rpartition('.')[2]}"
                marks = () if dtype == mx.float32 else slow
                cases.append(pytest.param(ladder, version, dtype, False, id=name, marks=marks))
                cases.append(pytest.param(ladder, version, dtype, True, id=f"{name}-wide", marks=slow))
    return cases


def mutants() -> list:
    return [
        pytest.param(ladder, name, id=f"{op}-{name}", marks=slow if number else ())
        for op, ladder in LADDERS.items()
        for number, name in enumerate(ladder.MUTANTS)
    ]


each_ladder = pytest.mark.parametrize("ladder", LADDERS.values(), ids=list(LADDERS))
each_version = pytest.mark.parametrize(
    ("ladder", "version"), [pytest.param(m, v, id=f"{o}-{v}") for o, m in LADDERS.items() for v in m.VERSIONS]
)


def first_case(ladder: ModuleType, version: str, dtype: mx.Dtype = mx.float32):
    """The smallest case that the version can take."""
    return next(filter(None, (ladder.case(version, dtype, shape) for shape in ladder.SHAPES)))


def difference(got: mx.array, want: mx.array, tolerance: float) -> str:
    """Where two arrays differ; nothing where they do not."""
    g, w = np.array(got.astype(mx.float32)), np.array(want.astype(mx.float32))
    if g.shape != w.shape:
        return f"shape {g.shape} instead of {w.shape}"
    finite = w[np.isfinite(w)]
    scale = np.abs(finite).max() if finite.size else 1.0
    try:
        np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance * scale)
    except AssertionError as error:
        return str(error)
    return ""


def tolerance_of(ladder: ModuleType, dtype: mx.Dtype) -> float:
    return getattr(ladder, "TOLERANCE", TOLERANCE)[dtype]


@pytest.mark.parametrize(("ladder", "version", "dtype", "wide"), values_cases())
def test_values_without_a_report_in_every_order(ladder, version, dtype, wide):
    shapes = ladder.WIDE if wide else ladder.SHAPES
    cases = [case for case in (ladder.case(version, dtype, shape) for shape in shapes) if case]
    if not cases:
        pytest.skip("this version takes none of these shapes")
    for launch, want in cases:
        runs = [launch.emulate(order=order, seed=seed) for order, seed in ORDERS[: 4 if wide else 3]]
        for done in runs:
            assert not done.reports, "\n".join(map(str, done.reports))
            assert done.counters == runs[0].counters
            for name in want:  # a correct kernel does not depend on the order, to the last bit
                bits = (done.outputs[name].view(mx.uint8), runs[0].outputs[name].view(mx.uint8))
                assert mx.array_equal(*bits).item()
        for name, values in want.items():
            wrong = difference(runs[0].outputs[name], values, tolerance_of(ladder, dtype))
            assert not wrong, f"{name} of {launch.kernel}, grid {launch.grid}: {wrong}"


def mutated(launch: Launch, old: str, new: str) -> str:
    """The file with `old` replaced once: in the kernel of the launch, else in what stands in front of it."""
    text = kernel_path(launch.op).read_text()
    function = Source(text, f"{launch.op}.metal").module.kernel(launch.kernel, launch.op)
    at = text.find(old, function.start, function.end)
    at = text.find(old) if at < 0 else at
    assert 0 <= at < function.end, f"{launch.kernel} has no {old!r}"
    return text[:at] + new + text[at + len(old) :]


def caught(ladder: ModuleType, name: str) -> set[str]:
    """Kinds of reports about a mutant, and "value" where its values are wrong."""
    version, old, new, needed = ladder.MUTANTS[name]
    found: set[str] = set()
    for shape in (*ladder.SHAPES, *ladder.WIDE):
        case = ladder.case(version, mx.float32, shape)
        if case is None or found & needed:
            continue
        launch, want = case
        done = launch.emulate(mutated(launch, old, new), time_limit=20)
        found |= {report.kind for report in done.reports}
        tolerance = tolerance_of(ladder, mx.float32)
        if any(difference(done.outputs[output], values, tolerance) for output, values in want.items()):
            found.add("value")
    return found


@pytest.mark.parametrize(("ladder", "name"), mutants())
def test_every_mutant_is_caught(ladder, name):
    found, needed = caught(ladder, name), ladder.MUTANTS[name][3]
    assert found & needed, f"found {found or 'nothing'}, need one of {needed}"


@slow
@each_ladder
def test_the_readme_says_how_many_mutants_only_a_detector_sees(ladder):
    silent = [name for name in ladder.MUTANTS if "value" not in caught(ladder, name)]
    alone = f"{len(silent)} of them by a detector alone: the values are right."
    between(ladder, "mutants", f"{len(ladder.MUTANTS)} mutants are caught, {alone}")


@each_ladder
def test_the_text_is_valid_metal(ladder):
    done = lint(kernel_path(ladder.OP))
    assert not done.problems, "\n".join(map(str, done.problems))


@each_version
def test_mlx_generates_the_signature_that_the_file_has(ladder, version):
    """So that mx.fast.metal_kernel takes this text on a Mac."""
    launch, _ = first_case(ladder, version)
    kernel = Kernel(kernel_path(launch.op), name=launch.kernel)
    arrays = kernel._arrays([launch.buffers[p.name] for p in kernel.inputs])
    dtypes = [launch.buffers[p.name].dtype for p in kernel.outputs]
    template = kernel._template(arrays, dtypes, dict(launch.template))
    made = trace.traced(kernel.jit_kernel, arrays, dtypes, template)
    assert made is not None
    assert made == signature.write(kernel.jit_kernel, arrays, dtypes, template)
    generated = load(made.text).module.kernel(made.name, "generated")
    own = {(p.name, p.type_name, p.attribute) for p in kernel.function.parameters}
    theirs = {(p.name, p.type_name, p.attribute) for p in generated.parameters}
    missing = {name for name, *_ in own} - {name for name, *_ in theirs}
    assert not missing, f"MLX passes no {missing}"


@slow
@each_version
def test_the_text_that_mlx_compiles_gives_the_values(ladder, version):
    launch, want = first_case(ladder, version)
    outputs = [p.name for p in Kernel(kernel_path(launch.op), name=launch.kernel).outputs]
    for name, got in zip(outputs, launch.run(), strict=True):
        assert not difference(got, want[name], tolerance_of(ladder, mx.float32))


@each_version
def test_explain_says_what_the_emulator_sees(ladder, version):
    launch, _ = first_case(ladder, version)
    done = launch.emulate().counters
    (told,) = (k for k in explain_source(kernel_path(launch.op))["kernels"] if k["name"] == launch.kernel)
    for argument in told["arguments"]:
        if argument["attribute"] == "buffer":
            name = argument["name"]
            seen = (done.read_bytes[name] > 0, done.written_bytes[name] > 0)
            assert (argument["reads"], argument["writes"]) == seen, name


@each_ladder
def test_the_operator_runs_it(ladder):
    got, want = ladder.through_op(mx.float32)
    assert got.dtype == want.dtype
    assert not difference(got, want, tolerance_of(ladder, mx.float32))


@slow
@each_ladder
@pytest.mark.parametrize("dtype", DTYPES[1:], ids=str)
def test_the_operator_runs_it_in_16_bits(ladder, dtype):
    got, want = ladder.through_op(dtype)
    assert got.dtype == want.dtype
    assert not difference(got, want, tolerance_of(ladder, dtype))


@each_ladder
def test_the_command_line_runs_it(ladder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    launch, want = first_case(ladder, ladder.BEST)
    command = ["metal", "run", str(kernel_path(launch.op)), "--kernel", launch.kernel, "--json"]
    command += ["--grid", ",".join(map(str, launch.grid))]
    command += ["--threadgroup", ",".join(map(str, launch.threadgroup))]
    for name, value in launch.buffers.items():
        if isinstance(value, Output):
            shape = "x".join(map(str, value.shape))
            initial = "" if value.init is None else f":{value.init:g}"
            command += ["--out", f"{name}={str(value.dtype).rpartition('.')[2]}:{shape}{initial}"]
        elif isinstance(value, mx.array):
            np.save(f"{name}.npy", np.array(value))
            command += ["--buffer", f"{name}={name}.npy"]
        else:
            command += ["--buffer", f"{name}={value}"]
    for name, value in launch.template.items():
        command += ["--template", f"{name}={str(value).lower()}"]
    assert main(command) == 0, capsys.readouterr().out
    for name, values in want.items():
        saved = next(p for p in (f"{name}.out.npy", f"{name}.npy") if Path(p).exists())
        assert not difference(mx.array(np.load(saved)), values, tolerance_of(ladder, mx.float32))


COLUMNS = (
    "| version | threads | barriers | SIMD-group functions | threadgroup memory | arrays read | written |"
)


def counted(launch: Launch) -> list[str]:
    done = launch.emulate().counters
    arrays = [n for n, value in launch.buffers.items() if isinstance(value, mx.array | np.ndarray | Output)]
    numbers = (done.threads, done.barriers, done.simd_operations, done.threadgroup_bytes)
    read, written = (sum(b[n] for n in arrays) for b in (done.read_bytes, done.written_bytes))
    return [f"{n:,}" for n in (*numbers, read, written)]


def between(ladder: ModuleType, marker: str, want: str) -> None:
    """What the README has between <!-- marker --> and <!-- /marker --> is `want`, or is made so."""
    path = kernel_path(ladder.OP).with_name("README.md")
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"(?<=<!-- {marker} -->\n\n).*?(?=\n\n<!-- /{marker} -->)", text, re.S)
    assert found, f"{path} has no <!-- {marker} -->"
    if os.environ.get("KVIST_UPDATE"):
        path.write_text(text[: found.start()] + want + text[found.end() :], encoding="utf-8")
    else:
        assert found[0] == want, "KVIST_UPDATE=1 writes it"


@each_ladder
def test_the_readme_counts_what_the_emulator_counts(ladder):
    """Bytes, and how often a threadgroup passes a barrier or a SIMD-group executes a SIMD-group function."""
    if "clang" in compiler()[1]:
        pytest.skip("the tables count what g++ reads; another compiler may keep a value, or read it again")
    table = [f"| `{name}` | {' | '.join(counted(launch))} |" for name, launch in ladder.counted().items()]
    between(ladder, "counters", "\n".join([COLUMNS, "|---|" + "---:|" * 6, *table]))


@each_ladder
def test_the_readme_names_every_version(ladder):
    text = kernel_path(ladder.OP).with_name("README.md").read_text(encoding="utf-8")
    missing = [version for version in ladder.VERSIONS if not re.search(rf"^\| `{version}` \|", text, re.M)]
    assert not missing
