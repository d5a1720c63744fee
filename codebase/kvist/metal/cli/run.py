"""`kvist metal run FILE`: run one kernel in the emulator and say what is wrong with it."""

import argparse
import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError
from kvist.metal.arguments import ORDERS
from kvist.metal.bind import template_types
from kvist.metal.buffers import Input, Output
from kvist.metal.cli import values, words
from kvist.metal.cli.linted import linted
from kvist.metal.cli.text import add_text_options, constants_of, source_of, unique
from kvist.metal.dtypes import bits, element_dtype
from kvist.metal.emulate import THREADGROUP_MEMORY, Counters, emulate
from kvist.metal.frontend import KernelFunction
from kvist.metal.preprocess import whole
from kvist.metal.reports import KINDS

CLEAN, REPORTED = 0, 1
_EPILOG = """\
A buffer that is named in --out too keeps the contents of --buffer until the kernel writes it. bfloat16
arrays are uint16 arrays of their bits, in and out. A run that does not finish (time limit, crash, divergent
barrier) leaves outputs as they were then, and says so. Exit code: 0 nothing wrong, 1 reports or not finished,
2 wrong call or a kernel that does not compile, with --json {"error": "..."} on stdout. The kernel runs as
native code in a process with limits on time and memory; that is no sandbox."""


def add_run(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser's subcommands."""
    text = "run a kernel of a .metal file on the CPU and report what is wrong with it"
    parser = commands.add_parser(
        "run", help=text, description=text[0].upper() + text[1:] + ".", epilog=_EPILOG
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="a .metal file")
    add(
        "--kernel",
        metavar="NAME",
        help="its name, the host_name of an instance, or f<half>; with one kernel, may be left out",
    )
    add("--grid", required=True, metavar="X,Y,Z", help="threads in all, as in dispatchThreads")
    add("--threadgroup", required=True, metavar="X,Y,Z", help="threads in a threadgroup")
    add(
        "--buffer",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a .npy file, x.npy@64 for it from element 64, or numbers; may be repeated",
    )
    add(
        "--out",
        action="append",
        default=[],
        metavar="NAME=DTYPE:SHAPE",
        help="an output such as y=float32:64x4096, with :0 behind it for initial contents; may be repeated",
    )
    add("--save", default=".", metavar="DIR", help="where NAME.npy of each output goes (default: here)")
    add("--order", choices=ORDERS, default="forward", help="in which order threads run (default: forward)")
    add("--seed", type=int, metavar="N", help="of --order random (default: 0)")
    add("--check", action=argparse.BooleanOptionalAction, default=True, help="look for mistakes (default)")
    add(
        "--allow",
        action="append",
        default=[],
        metavar="KIND",
        help=f"leave out reports of a kind: {', '.join(KINDS)}",
    )
    add(
        "--template",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an argument of a kernel template",
    )
    add(
        "--threadgroup-memory",
        action="append",
        default=[],
        metavar="NAME=BYTES",
        help=f"size of a [[threadgroup(n)]] argument (without: {THREADGROUP_MEMORY}, outside of the limit)",
    )
    add_text_options(parser)
    add("--time-limit", type=float, default=60.0, metavar="SECONDS", help="(default: 60)")
    add("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_kernel)


def run_kernel(arguments: argparse.Namespace) -> int:
    """Run it, save the outputs, print; returns the exit code."""
    try:
        return _run(arguments)
    except KvistError as error:
        raise words.in_options(error) from None
    except MemoryError:
        raise KvistError("metal run", "buffers that fit in memory", "larger ones") from None


def _run(arguments: argparse.Namespace) -> int:
    if not 0 < arguments.time_limit < 1e6:
        raise KvistError("--time-limit", "seconds, more than 0", str(arguments.time_limit))
    include = [Path(folder) for folder in arguments.include]
    given_text = source_of(arguments.file, arguments)
    source = whole(given_text, include)
    kernel, made = source.module.find(arguments.kernel, source.label)
    if arguments.template and not arguments.kernel:
        made = None
    types = template_types(kernel, made)
    grid = values.size(arguments.grid, "--grid")
    threadgroup = values.size(arguments.threadgroup, "--threadgroup")
    folder = _folder(arguments.save)
    given = unique(arguments.buffer, "--buffer")
    arrays = _buffers(given, arguments.out, kernel, types)
    sizes = _sizes(arguments.threadgroup_memory)
    seed = arguments.seed or 0
    done = emulate(
        given_text,
        grid,
        threadgroup,
        arrays,
        check=arguments.check,
        order=arguments.order,
        seed=seed,
        template=unique(arguments.template, "--template"),
        name=arguments.kernel,
        constants=constants_of(arguments.constant),
        threadgroup_memory=sizes,
        include=include,
        allow=arguments.allow,
        time_limit=arguments.time_limit,
        stop=False,
    )
    told = linted(given_text, include)
    saved = _save(done.outputs, folder, list(given.values()))
    result = {
        "kernel": made.host_name if made else kernel.name,
        "file": arguments.file,
        "grid": list(grid),
        "threadgroup": list(threadgroup),
        "order": arguments.order,
        "seed": seed,
        "check": arguments.check,
        "finished": done.finished,
        "outputs": {name: _described(array, saved[name]) for name, array in done.outputs.items()},
        "reports": [asdict(report) for report in done.reports],
        "counters": asdict(done.counters) if done.finished else _uncounted(),
        "seconds": done.seconds,
        "lint": told,
    }
    if arguments.json:
        print(json.dumps(result))
    else:
        idle_seed = arguments.seed is not None and arguments.order != "random"
        said = words.notes(kernel, arrays, sizes, source.text, idle_seed) + words.refused(told)
        said += words.copies(given, list(done.outputs))
        print(words.summary(done, result["outputs"], said, arguments.check))
    return CLEAN if done.finished and not done.reports else REPORTED


def _uncounted() -> dict[str, None]:
    """The names of the counters, for a run that ended before they were told."""
    return {field.name: None for field in fields(Counters)}


def _buffers(
    given: dict[str, str], outputs: list[str], kernel: KernelFunction, types: dict[str, str]
) -> dict[str, Any]:
    parameters = {p.name: p for p in kernel.buffers}
    arrays: dict[str, Any] = {}
    for name, text in given.items():
        declared = parameters[name].type_name if name in parameters else ""
        arrays[name] = Input(values.buffer(text, types.get(declared, declared), f"--buffer {name}"))
    for argument in map(values.output, outputs):
        declared = parameters[argument.name].type_name if argument.name in parameters else ""
        dtype = argument.dtype or element_dtype(types.get(declared, declared))
        if dtype is None:
            raise KvistError(
                f"--out {argument.name}", "dtype:shape", "a shape alone", "such as float32:64x4096"
            )
        if argument.name in arrays:
            if isinstance(arrays[argument.name], Output):
                raise KvistError("--out", f"one value for {argument.name}", "two")
            inner = arrays[argument.name].value
            if tuple(np.shape(inner)) != argument.shape:
                need = f"the shape of --buffer {argument.name}, {tuple(np.shape(inner))}"
                raise KvistError(f"--out {argument.name}", need, str(argument.shape))
            arrays[argument.name] = inner  # read and written
        else:
            arrays[argument.name] = _output(argument, dtype)
    return arrays


def _output(argument: values.OutputArgument, dtype: mx.Dtype) -> Output:
    try:
        return Output(argument.shape, dtype, argument.init)
    except KvistError as error:
        raise KvistError(f"--out {argument.name}", error.need, error.got) from None


def _sizes(texts: list[str]) -> dict[str, int]:
    sizes = {}
    for name, value in unique(texts, "--threadgroup-memory").items():
        if not value.isdecimal() or int(value) == 0:
            raise KvistError("--threadgroup-memory", "name=bytes", f"{name}={value}")
        sizes[name] = int(value)
    return sizes


def _folder(text: str) -> Path:
    folder = Path(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KvistError("--save", "a folder to write to", str(error)) from None
    return folder


def _save(outputs: dict[str, mx.array], folder: Path, inputs: list[str]) -> dict[str, Path]:
    """NAME.npy for each output; NAME.out.npy where that is an input's file, which stays as it is."""
    taken = {os.path.realpath(file) for file, _ in map(values.file_of, inputs) if file is not None}
    saved = {}
    for name, array in outputs.items():
        path = folder / f"{name}.npy"
        if os.path.realpath(path) in taken:
            path = folder / f"{name}.out.npy"
        try:
            np.save(path, bits(array))
        except OSError as error:
            raise KvistError("--save", f"to write {path}", str(error)) from None
        saved[name] = path
    return saved


def _described(array: mx.array, path: Path) -> dict[str, Any]:
    dtype = str(array.dtype).rpartition(".")[2].rstrip("_")
    return {"dtype": dtype, "shape": list(array.shape), "path": str(path)}
