"""The `kvist` command."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import NoReturn, TextIO

import mlx.core as mx

from kvist import __version__
from kvist.decode import Generation, SamplingParams, stream
from kvist.doctor import as_json, run_checks
from kvist.errors import KvistError
from kvist.metal.cli import add_metal
from kvist.models import load_model, tiny_path
from kvist.quant import Quantization, round_activations

USER_ERROR = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
_SHOW_PROGRESS_BYTES = 50_000_000


class WrongCall(SystemExit):
    """The end of a call that the parser refused, with its words."""

    def __init__(self, message: str) -> None:
        super().__init__(USER_ERROR)
        self.message = message


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        said = f"{self.prog}: {message}. hint: {self.prog} --help"
        print(said, file=sys.stderr)
        raise WrongCall(said)


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code.

    0 done, 1 done but what was checked is wrong, 2 bad input (one line on stderr; of `kvist metal` with
    --json, {"error": "..."} on stdout besides), 130 interrupted.
    """
    words = sys.argv[1:] if argv is None else argv
    as_json = words[:1] == ["metal"] and "--json" in words
    try:
        arguments = make_parser().parse_args(argv)
    except WrongCall as error:
        if as_json:
            print(json.dumps({"error": error.message}))
        raise
    run: Callable[[argparse.Namespace], int | None] = arguments.run
    code = 0
    try:
        code = run(arguments) or 0
        sys.stdout.flush()
    except KvistError as error:
        print(f"kvist: {error}", file=sys.stderr)
        if as_json:
            print(json.dumps({"error": str(error)}, ensure_ascii=False))
        return USER_ERROR
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def make_parser() -> Parser:
    parser = Parser(prog="kvist", description="A small, readable LLM inference engine on MLX.")
    parser.add_argument("--version", action="version", version=f"kvist {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, dest="command", metavar="COMMAND")
    add_generate(commands.add_parser("generate", help="continue a prompt", description="Continue a prompt."))
    metal_help = "run, check and explain Metal kernels on any machine"
    add_metal(
        commands.add_parser(
            "metal", help=metal_help, description=metal_help[0].upper() + metal_help[1:] + "."
        )
    )
    doctor_help = "say what this machine has for the engine, and what is missing"
    doctor = commands.add_parser("doctor", help=doctor_help, description=doctor_help.capitalize() + ".")
    doctor.add_argument("--json", action="store_true", help="print the report as JSON")
    doctor.set_defaults(run=run_doctor)
    return parser


def add_generate(parser: argparse.ArgumentParser) -> None:
    default = SamplingParams()
    model_help = "a Hugging Face folder (default: the bundled tiny model)"
    parser.add_argument("prompt", help='the text to continue; "-" reads it from standard input')
    parser.add_argument("--model", metavar="DIR", help=model_help)

    quantize_help = "round the weights to BITS bits on loading: a quarter or half of the memory, and faster"
    parser.add_argument("--quantize", type=int, choices=[4, 8], metavar="BITS", help=quantize_help)

    round_help = "round the input of packed products: faster; int8 errs by 0.6 %% rms, by more with outliers"
    parser.add_argument("--activations", choices=["int8", "int16"], help=round_help)

    def number(name: str, letter: str, value: int | float, text: str) -> None:
        text = f"{text} (default: {value})"
        parser.add_argument(name, type=type(value), default=value, metavar=letter, help=text)

    number("--max-tokens", "N", default.max_tokens, "stop after N new tokens")
    number("--temperature", "T", default.temperature, "0 is greedy; higher is more varied")
    number("--top-k", "K", default.top_k, "sample from the K best tokens; 0 is off")
    number("--top-p", "P", default.top_p, "sample from the best tokens that reach probability P; 1 is off")
    number("--min-p", "P", default.min_p, "drop tokens below P times the best one's probability; 0 is off")
    number("--seed", "S", default.seed, "equal seeds give equal text")
    stop_help = "stop before TEXT; may be repeated"
    parser.add_argument("--stop", action="append", default=[], metavar="TEXT", help=stop_help)
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end, not text")
    parser.set_defaults(run=run_generate)


def run_generate(arguments: argparse.Namespace) -> None:
    """Text goes to stdout as it comes, statistics to stderr."""
    names = ("temperature", "top_k", "top_p", "min_p", "max_tokens", "seed")
    params = SamplingParams(**{name: getattr(arguments, name) for name in names}, stop=tuple(arguments.stop))
    prompt = read_prompt() if arguments.prompt == "-" else arguments.prompt
    if not prompt.strip():  # said before a large model is loaded
        raise KvistError("prompt", "some text", "an empty prompt")
    folder = arguments.model or tiny_path()
    # On the CPU float32 matmul is the fast one; a GPU keeps the checkpoint's own dtype.
    dtype = mx.float32 if mx.default_device().type == mx.DeviceType.cpu else None
    quantize = None if arguments.quantize is None else Quantization(arguments.quantize)
    model, tokenizer = load_model(folder, dtype=dtype, progress=LoadProgress(sys.stderr), quantize=quantize)
    if tokenizer is None:
        raise KvistError(f"{folder}", "tokenizer.json", "no such file")
    if arguments.activations is not None:
        round_activations(model, arguments.activations)
    pieces = stream(model, tokenizer, prompt, params)
    for piece in pieces:
        if not arguments.json:
            print(piece, end="", flush=True)
    result = pieces.result
    print(json.dumps(report(prompt, result), ensure_ascii=False) if arguments.json else "")
    print(statistics_line(result), file=sys.stderr)


def read_prompt() -> str:
    """Standard input, whole, as UTF-8 whatever the locale."""
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise KvistError("prompt", "UTF-8 text on standard input", str(error)) from None


def run_doctor(arguments: argparse.Namespace) -> None:
    checks = run_checks()
    if arguments.json:
        print(json.dumps(as_json(checks), indent=2, ensure_ascii=False))
    else:
        print("\n".join(check.line() for check in checks))


def report(prompt: str, result: Generation) -> dict[str, object]:
    """One generation as plain data."""
    speeds = {
        "prefill_tokens_per_second": result.prefill_tokens_per_second,
        "decode_tokens_per_second": result.decode_tokens_per_second,
    }
    return {"prompt": prompt} | asdict(result) | speeds


def statistics_line(result: Generation) -> str:
    return (
        f"prompt: {result.num_prompt_tokens} tokens, {result.prefill_tokens_per_second:.0f} tok/s · "
        f"decode: {len(result.tokens)} tokens, {result.decode_tokens_per_second:.0f} tok/s · "
        f"ended by {result.finish_reason}"
    )


class LoadProgress:
    """Shows how much of a big checkpoint is read, on a terminal only."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shown = -1

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // total if total else 100
        if total < _SHOW_PROGRESS_BYTES or not self._out.isatty() or percent == self._shown:
            return
        self._shown = percent
        end = "\r\033[K" if done == total else ""
        print(f"\rloading {percent:3d} % of {total / 1e9:.2f} GB{end}", end="", file=self._out, flush=True)


if __name__ == "__main__":
    sys.exit(main())
