"""Guards `run` against blocks that end the process: the note is named, the others run, nothing stays."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vaultkit.run.cache import RunCache
from vaultkit.run.death import dead
from vaultkit.run.guard import Death
from vaultkit.run.results import load_results

CODE = "def crash():\n    import ctypes\n    ctypes.string_at(0)\ncrash()\n"
CRASH = f"\n\n```python\ny = 1\n```\n\n```python\n{CODE}```\n"
GOOD = "```python\nassert True\n```\n"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are divided on Linux only")


def command(root: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "vaultkit.cli", "run", *words]


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "XDG_CACHE_HOME": str(root.parent / "cache")}
    return subprocess.run(command(root, *words), cwd=root.parent, capture_output=True, text=True, env=env)


def test_a_crash_is_named_and_the_other_notes_run(make_vault) -> None:
    root = make_vault(
        {"A.md": GOOD, "键 B.md": CRASH, "C.md": GOOD, "D.md": "```python\nassert 1 == 2\n```\n"}
    )
    done = run(root)
    out = done.stdout.splitlines()
    assert done.returncode == 1 and not done.stderr
    assert [line.split(":")[0] for line in out if line[:6] in ("ok    ", "FAILED")] == [
        "ok     vault/A.md", "ok     vault/C.md", "FAILED vault/D.md", "FAILED vault/键 B.md"
    ]  # fmt: skip
    said = next(line for line in out if "process-died" in line)
    assert said.startswith("vault/键 B.md:10: process-died the process died in block 2: SIGSEGV")
    assert "FAILED vault/键 B.md: 1/2 blocks, 0.00 s" in out and "  > 10 | ctypes.string_at(0)" in out
    assert '    File "vault/键 B.md", line 10 in crash' in out
    assert not any(word in line for line in out for word in ("execute.py", "Thread 0x", "Fatal Python"))
    assert out[-2:] == [
        "the process died in vault/键 B.md; the other 3 were run",
        "4 notes, 5 blocks, 2 FAILED",
    ]
    rows = [json.loads(line) for line in run(root, "--json").stdout.splitlines()]
    (failure,) = rows[3]["failures"]
    assert (failure["kind"], failure["line"], rows[3]["ok"]) == ("process-died", 10, False)
    assert [row["ok"] for row in rows] == [True, True, False, False]


def test_what_ran_before_a_kill_is_known(make_vault) -> None:
    """Nothing is written on a kill: the block is the one after the last that came to its end."""
    passes = "```python\nprint(1)\n```\n\n```output\n1\n```\n\n"
    skipped = '<!-- run: skip "why" -->\n```python\nz\n```\n\n'
    differs = "```python\nprint(1)\n```\n\n```output\n2\n```\n\n"
    kill = "```python\nimport os\nos.kill(os.getpid(), 9)\n```\n"
    done = run(make_vault({"A.md": passes + differs + skipped + kill}))
    assert "FAILED vault/A.md: 1/4 blocks" in done.stdout
    assert "vault/A.md:22: process-died the process died in block 4: SIGKILL" in done.stdout


SWALLOWS = (
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass\n"
)
SWALLOWS = f"```python\nassert True\n```\n\n<!-- run: timeout 0.2 -->\n```python\n{SWALLOWS}```\n"
OVER_TIME = "block 2 ran longer than its limit of 0.2 s and would not stop"


def test_a_limit_that_is_swallowed_is_named(make_vault) -> None:
    root = make_vault({"A.md": SWALLOWS})
    written = str(root / "A.md").encode("ascii", "backslashreplace").decode()
    _is_named(root, "A.md", written)


def test_a_long_name_in_a_dump_is_the_note_s(make_vault) -> None:
    """faulthandler writes 500 characters of a name, each that is not ASCII by its number."""
    path = f"{'长' * 60}/{'a' * 250}/{'b' * 250}/A.md"
    root = make_vault({path: SWALLOWS})
    written = str(root / path)[:500].encode("ascii", "backslashreplace").decode() + "..."
    _is_named(root, path, written)


def _is_named(root: Path, path: str, written: str) -> None:
    dump = (
        f'Timeout (0:00:05)!\nThread 0x0 (most recent call first):\n  File "{written}", line 10 in <module>\n'
    )
    report = dead(RunCache(root, {}), (path, str(root / path)), Death(1, dump, [], 1, 1), "")
    assert (report.passed, report.blocks, report.failures[0]["line"]) == (1, 2, 10)
    assert report.failures[0]["message"] == OVER_TIME and "timeout 0.4" in report.texts[0]


@pytest.mark.slow
def test_a_block_that_swallows_its_limit_is_ended(make_vault) -> None:
    done = run(make_vault({"A.md": SWALLOWS, "B.md": GOOD}))
    assert (
        OVER_TIME in done.stdout and "A.md: 1/2 blocks" in done.stdout and "ok     vault/B.md" in done.stdout
    )


UNDIVIDED = (
    "import sys; from vaultkit.cli import main; from vaultkit.run.guard import Guard; "
    "Guard.possible = staticmethod(lambda: False); sys.exit(main())"
)


@pytest.mark.parametrize("divided", [True, False])
def test_nothing_but_json_on_stdout_and_nobody_types(make_vault, divided: bool) -> None:
    code = "import os, subprocess, sys\nos.write(1, b'raw\\n')\nos.system('echo shell')\n"
    code += "sys.__stdout__.write('host\\n')\nsys.__stdout__.flush()\nsubprocess.run(['cat'])\n"
    root = make_vault({"A.md": f"```python\n{code}```\n", "B.md": "```python\ninput('?')\n```\n"})
    env = {**os.environ, "XDG_CACHE_HOME": str(root.parent / "cache")}
    read, write = os.pipe()  # nobody writes: who reads would wait for ever
    done = subprocess.run(
        command(root, "--json") if divided else [sys.executable, "-c", UNDIVIDED, "run", "--json"],
        cwd=root.parent,
        capture_output=True,
        text=True,
        env=env,
        stdin=read,
        timeout=300,
    )
    os.close(write)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["ok"] for row in rows] == [True, False]
    assert rows[1]["failures"][0]["hint"] == "nobody is there to type while a note runs"
    assert {"raw", "shell", "host"} <= set(done.stderr.split())


def test_no_verdict_of_a_note_that_crashed_stands(make_vault) -> None:
    """It passed before, and nothing that can be seen has changed: the next run must not call it green."""
    code = "import ctypes, os\nif os.path.exists('{flag}'): ctypes.string_at(0)\n"
    root = make_vault({"A.md": GOOD})
    (root / "Z.md").write_text(f"```python\n{code.format(flag=root.parent / 'flag')}```\n")
    assert run(root).returncode == 0 and "2 reused" in run(root).stdout
    (root.parent / "flag").write_text("")
    assert run(root, "--no-cache").returncode == 1
    entry = load_results(root)["Z.md"]
    assert entry["passed"] + entry["skipped"] < entry["blocks"]
    (root.parent / "flag").unlink()
    again = run(root, "--why").stdout
    assert "run because the process died" in again and "vault/Z.md: 1/1 blocks" in again
    entry = load_results(root)["Z.md"]
    assert entry["passed"] == entry["blocks"] == 1


@pytest.mark.slow
def test_every_note_may_crash(make_vault) -> None:
    root = make_vault({"A.md": CRASH, "B.md": CRASH})
    done = run(root)
    assert done.returncode == 1 and done.stdout.count("process-died") == 2
    assert done.stdout.splitlines()[-1] == "2 notes, 4 blocks, 2 FAILED"
    assert "the process died in vault/A.md, vault/B.md\n" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_stops_the_command_stops_the_notes(make_vault, number: int) -> None:
    root = make_vault({})
    pipe = root.parent / "pipe"
    os.mkfifo(pipe)
    code = f"open({str(pipe)!r}, 'w').write('x')\nimport time\ntime.sleep(600)\n"
    (root / "A.md").write_text(f"```python\n{code}```\n")
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command(root), cwd=root.parent, **both)
    with open(pipe) as opened:  # the note runs
        assert opened.read(1) == "x"
    process.send_signal(number)
    out, err = process.communicate(timeout=120)  # and ends: its child holds the other ends of the pipes
    assert process.returncode == 128 + number and b"Traceback" not in err and b"died" not in out


def test_a_thread_that_a_note_leaves_does_not_keep_the_command_alive(make_vault) -> None:
    code = "import threading, time\nthreading.Thread(target=lambda: time.sleep(900)).start()\n"
    root = make_vault({"A.md": f"```python\n{code}```\n", "B.md": GOOD})
    env = {**os.environ, "XDG_CACHE_HOME": str(root.parent / "cache")}
    done = subprocess.run(
        command(root), cwd=root.parent, capture_output=True, text=True, env=env, timeout=300
    )
    assert done.returncode == 1 and "thread-left" in done.stdout and "1 FAILED" in done.stdout


def test_a_builtin_that_a_note_replaces_is_its_own_affair(make_vault) -> None:
    code = "import builtins, os\nbuiltins.sorted = lambda x: 'p'\nbuiltins.any = lambda x: 1 / 0\n"
    code += "os.listdir = None\nassert sorted([2, 1]) == 'p'\n"
    show = "```python\nassert sorted([2, 1]) == 'p'\nany([])\n```\n"
    root = make_vault({"A.md": f"```python\n{code}```\n\n{show}", "B.md": GOOD})
    out = run(root).stdout
    assert (
        "A.md: 1/2 blocks" in out
        and "block-error ZeroDivisionError" in out
        and "process-died" not in out
        and "ok     vault/B.md" in out
    )


def test_a_runner_that_fails_says_why(make_vault) -> None:
    code = "exec('import builtins; del builtins.isinstance')\n"  # hidden from who would give it back
    root = make_vault({"A.md": f"```python\n{code}```\n", "B.md": GOOD})
    done = run(root)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    assert (
        "the runner failed: NameError" in done.stdout and "may have changed what Python itself" in done.stdout
    )
    assert "ok     vault/B.md" in done.stdout


def test_what_a_note_asked_to_be_called_at_the_end_is(make_vault) -> None:
    """The process ends at once when all is done, yet not before that."""
    code = "```python\nimport atexit\natexit.register(lambda: open('{file}', 'w').close())\n```\n"
    root = make_vault({"A.md": GOOD})
    (root / "Z.md").write_text(code.format(file=root.parent / "ended"))
    done = run(root)
    assert (done.returncode, done.stderr) == (0, "")
    assert (root.parent / "ended").exists()


def test_what_a_library_reads_at_its_import_counts_for_every_note(make_vault) -> None:
    """Only the first note of a run imports it, but none of them holds when what it read has changed."""
    root = make_vault(dict.fromkeys(["A.md", "B.md"], "```python\nimport lib\nprint(lib.WORD)\n```\n"))
    library = root.parent / "lib" / "site-packages"
    library.mkdir(parents=True)
    (library / "lib.py").write_text("import os\nWORD = os.environ.get('LIB_WORD', 'a')\n")
    for note in ("A.md", "B.md"):
        (root / note).write_text((root / note).read_text() + "\n```output\na\n```\n")
    path = f"{os.environ.get('PYTHONPATH', '')}{os.pathsep}{library}"
    env = {**os.environ, "XDG_CACHE_HOME": str(root.parent / "cache"), "PYTHONPATH": path}

    def rows(**more: str) -> list[tuple[bool, bool]]:
        line = [*command(root), "--json"]
        done = subprocess.run(line, cwd=root.parent, capture_output=True, text=True, env=env | more)
        found = [json.loads(row) for row in done.stdout.splitlines()]
        return [(row["ok"], row["reused"]) for row in found]

    assert rows() == [(True, False)] * 2
    assert rows() == [(True, True)] * 2
    assert rows(LIB_WORD="b") == [(False, False)] * 2


def test_update_goes_on_after_a_crash(make_vault) -> None:
    shows = "```python\nprint(1)\n```\n"
    root = make_vault({"A.md": shows, "B.md": CRASH, "C.md": "```python\nos = 1 / 0\n```\n", "D.md": shows})
    env = {**os.environ, "XDG_CACHE_HOME": str(root.parent / "cache")}
    words = [sys.executable, "-m", "vaultkit.cli", "update"]
    done = subprocess.run(words, cwd=root.parent, capture_output=True, text=True, env=env)
    assert done.returncode == 1 and not done.stderr
    assert "vault/B.md:10: process-died the process died in block 2: SIGSEGV" in done.stdout
    assert "vault/B.md: nothing was written" in done.stdout and "guard.py" not in done.stdout
    assert done.stdout.splitlines()[-1] == "4 notes, 2 changed, 2 FAILED"
    assert (root / "A.md").read_text() == (root / "D.md").read_text() == f"{shows}```output\n1\n```\n"
    done = subprocess.run(words, cwd=root.parent, capture_output=True, text=True, env=env)
    assert done.stdout.splitlines()[-1] == "4 notes, 0 changed, 2 FAILED"


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_streams_may_be_closed(make_vault, closed: str) -> None:
    """As under cron: the next file that is opened would stand where stdout did."""
    root = make_vault({"A.md": CRASH, "B.md": GOOD})
    env = {**os.environ, "XDG_CACHE_HOME": str(root.parent / "cache")}
    words = ["sh", "-c", f"exec {closed}; exec {sys.executable} -m vaultkit.cli run"]
    done = subprocess.run(words, cwd=root.parent, capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    entry = load_results(root)
    assert entry["A.md"]["passed"] == 0 and entry["B.md"]["passed"] == 1
