"""Guards the kvist command: text, JSON, statistics, and one line with exit code 2 for every bad input."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kvist import cli

KVIST = [sys.executable, "-m", "kvist.cli"]


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*KVIST, *arguments], input=stdin, capture_output=True)


def test_generate_in_a_process(checkpoint: Path) -> None:
    arguments = ["generate", "--model", str(checkpoint), "hello", "--max-tokens", "20", "--temperature", "1"]
    first, again = run(*arguments), run(*arguments)
    assert first.returncode == 0
    assert first.stdout == again.stdout and first.stdout.decode().endswith("\n")
    assert first.stderr.decode().startswith("prompt: 5 tokens, ")
    assert "decode: 20 tokens" in first.stderr.decode() and "ended by length" in first.stderr.decode()
    assert run(*arguments, "--seed", "1").stdout != first.stdout


@pytest.mark.slow
def test_prompt_from_standard_input(checkpoint: Path) -> None:
    arguments = ["generate", "--model", str(checkpoint), "-", "--json"]
    done = run(*arguments, stdin="缓存".encode())
    assert json.loads(done.stdout)["prompt"] == "缓存"
    broken = run(*arguments, stdin=b"\xff\xfe")
    assert (broken.returncode, broken.stdout, broken.stderr.count(b"\n")) == (2, b"", 1)
    assert b"UTF-8" in broken.stderr


def test_json(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["generate", "--model", str(checkpoint), "hello", "--max-tokens", "8", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["prompt"], report["num_prompt_tokens"], len(report["tokens"])) == ("hello", 5, 8)
    assert report["finish_reason"] == "length" and report["decode_tokens_per_second"] > 0


BAD = {
    "empty prompt": ([""], "need some text, got an empty prompt"),
    "no prompt": ([], "the following arguments are required: prompt"),
    "no folder": (["hi", "--model", "/nowhere"], "[/nowhere] need a model folder, got no such folder"),
    "not a number": (["hi", "--top-p", "much"], "argument --top-p: invalid float value: 'much'"),
    "out of range": (["hi", "--top-p", "1.5"], "[top_p] need a number above 0 and up to 1, got 1.5"),
    "negative": (["hi", "--max-tokens", "-3"], "[max_tokens] need at least 1, got -3"),
    "nan": (["hi", "--temperature", "nan"], "[temperature] need a number of at least 0, got nan"),
    "empty stop": (["hi", "--stop", ""], "[stop] need a tuple of texts"),
    "unknown option": (["hi", "--fast"], "unrecognized arguments: --fast"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, message = BAD[case]
    try:
        code = cli.main(["generate", *arguments])
    except SystemExit as error:  # argparse leaves this way
        code = error.code
    captured = capsys.readouterr()
    assert (code, captured.out, captured.err.count("\n")) == (2, "", 1)
    assert message in captured.err and captured.err.startswith("kvist")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_damaged_checkpoint_in_a_process(checkpoint: Path, name: str) -> None:
    whole = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(whole[: len(whole) // 2])
    done = run("generate", "--model", str(checkpoint), "hello")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert str(checkpoint / name).encode() in done.stderr


def test_checkpoint_without_tokenizer(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkpoint / "tokenizer.json").unlink()
    assert cli.main(["generate", "--model", str(checkpoint), "hello"]) == 2
    assert "need tokenizer.json, got no such file" in capsys.readouterr().err


@pytest.mark.slow
def test_argument_that_is_not_utf8(checkpoint: Path) -> None:
    command = [*KVIST, "generate", "--model", str(checkpoint)]
    done = subprocess.run([os.fsencode(part) for part in command] + [b"caf\xe9"], capture_output=True)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


def long_run(checkpoint: Path) -> subprocess.Popen[bytes]:
    """A generation that goes on for many minutes, once its first text has come."""
    config = json.loads((checkpoint / "config.json").read_text()) | {"max_position_embeddings": 10**6}
    (checkpoint / "config.json").write_text(json.dumps(config))
    options = ["--max-tokens", "900000", "--temperature", "1"]
    command = [*KVIST, "generate", "--model", str(checkpoint), "hello", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout and process.stdout.read(1)
    return process


@pytest.mark.slow
def test_interrupt_is_quiet(checkpoint: Path) -> None:
    process = long_run(checkpoint)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (130, b"\n")


@pytest.mark.slow
def test_closed_pipe_is_quiet(checkpoint: Path) -> None:
    process = long_run(checkpoint)
    assert process.stdout and process.stderr
    process.stdout.close()
    assert (process.wait(timeout=120), process.stderr.read()) == (0, b"")
    process.stderr.close()


def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    assert capsys.readouterr().out.count("\n") == 8
    assert cli.main(["doctor", "--json"]) == 0
    assert {"name", "ok", "value", "hint"} == set(json.loads(capsys.readouterr().out)[4])


@pytest.mark.parametrize(
    "arguments", [["--help"], ["generate", "--help"], ["doctor", "--help"], ["--version"]]
)
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 0 and "kvist" in capsys.readouterr().out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_shows_for_big_checkpoints_on_a_terminal() -> None:
    big, small, pipe = Terminal(), Terminal(), io.StringIO()
    for done in (1, 50, 100):
        cli.LoadProgress(big)(done * 10**7, 10**9)
        cli.LoadProgress(small)(done * 10**4, 10**6)
        cli.LoadProgress(pipe)(done * 10**7, 10**9)
    assert big.getvalue().startswith("\rloading   1 % of 1.00 GB\rloading  50 % of 1.00 GB\rloading 100 %")
    assert big.getvalue().endswith("\r\033[K")  # nothing is left on the line
    assert (small.getvalue(), pipe.getvalue()) == ("", "")


@pytest.mark.parametrize("prompt", ["The KV cache", "缓存"])
def test_bundled_model_is_the_default(prompt: str) -> None:
    done = run("generate", prompt, "--max-tokens", "16", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert 1 <= len(report["tokens"]) <= 16
    # learned text is readable: no cut characters inside, and more than one kind of character
    assert "\ufffd" not in report["text"][:-1] and len(set(report["text"])) > 5
