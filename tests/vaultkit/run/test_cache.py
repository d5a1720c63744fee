"""Guards the dependency cache: whatever a note used and is changed makes it, and only it, run again.

One small project of ten notes and a package; each test plants a change and asks real processes which notes
they ran. A note that is reused here although it depends on the change would be a false green.
"""

import json
import os
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaultkit.run.cache import header

pytestmark = pytest.mark.slow  # many processes

CODE = Path(__file__).resolve().parents[3] / "codebase"

PACKAGE = {
    "eng/__init__.py": "",
    "eng/leaf.py": "VALUE = 1\n\n\ndef double(x):\n    return x + x\n",
    "eng/edge.py": "from eng.leaf import VALUE\n",
    "eng/mid.py": "from eng.leaf import double\n\n\ndef four(x):\n    return double(double(x))\n",
    "eng/kernel.py": "from pathlib import Path\nSOURCE = Path(__file__).with_name('k.metal').read_text()\n",
    "eng/k.metal": "kernel 1\n",
    "eng/native.py": "from pathlib import Path\nCODE = Path(__file__).with_name('ext.so').read_bytes()\n",
    "eng/ext.so": "binary 1",
    "eng/lazy.py": (
        "from functools import cache\nfrom pathlib import Path\n\n\n"
        "@cache\ndef table():\n    return Path(__file__).with_name('table.txt').read_text()\n"
    ),
    "eng/table.txt": "table 1",
    "eng/dynamic.py": (
        "from importlib import import_module\n\n\ndef load(n):\n    return import_module('eng.' + n)\n"
    ),
    "eng/plug.py": "NAME = 'plug'\n",
    "eng/optional.py": (
        "from pathlib import Path\ntry:\n    from eng import extra\nexcept ImportError:\n    extra = None\n"
        "FOUND = Path(__file__).with_name('switch.txt').exists()\n"
    ),
    "eng/environ.py": "import os\nMODE = os.environ.get('ENG_MODE', '')\n",
    "eng/settings.py": "import os\nMODE = os.environ.get('NOTE_MODE', 'none')\n",
    "eng/drawn.py": "import random\nDRAWN = random.random()\n",
    "eng/open.py": (
        "TABLE = {'a': 1}\nLIMIT = 5\n\n\nclass Op:\n    scale = 1\n\n\n"
        "def change():\n    global LIMIT\n    LIMIT = 9\n    TABLE['b'] = 2\n    Op.scale = 3\n"
    ),
    "tools/loose.py": "VALUE = 'loose'\n",
    "tools/script.py": "RESULT = 1\n",
    "data/part/one.txt": "",
    "data/rows.txt": "rows 1",
    "data/gone.txt": "here",
}

LOOSE = (
    "import importlib.util\nplace = DATA + '/../tools/loose.py'\n"
    "spec = importlib.util.spec_from_file_location('loose', place)\n"
    "m = {}\nspec.loader.exec_module(m)\nassert m.VALUE"
)
NOTES = {
    "alone": "x = 1",
    "constant": "from eng import leaf\nassert leaf.VALUE",
    "edge 1": "from eng import leaf\nfrom eng import edge",
    "edge 2": "from eng.edge import VALUE",
    "through": "from eng.mid import four\nassert four(1)",
    "kernel 1": "from eng.kernel import SOURCE\nassert SOURCE",
    "kernel 2": "import eng.kernel\nassert eng.kernel.SOURCE",
    "native": "from eng.native import CODE\nassert CODE",
    "lazy 1": "from eng.lazy import table\nassert table()",
    "lazy 2": "from eng.lazy import table\nassert table()",
    "data": "from pathlib import Path\nassert Path(DATA, 'rows.txt').read_text()",
    "listing": "import os\nassert os.listdir(DATA)",
    "dynamic 1": "from eng.dynamic import load\nassert load('plug').NAME",
    "dynamic 2": "import importlib\nassert importlib.import_module('eng.plug').NAME",
    "gone": "from pathlib import Path\nPath(DATA, 'gone.txt').exists()",
    "failed open": "try:\n    open(DATA + '/later.txt')\nexcept OSError:\n    pass",
    "optional": "from eng import optional",
    "environ": "from eng.environ import MODE",
    "by spec": LOOSE.format("importlib.util.module_from_spec(spec)"),
    "by import": "m = __import__('eng.plug', fromlist=['NAME'])\nassert m.NAME",
    "executed": "exec(open(DATA + '/../tools/script.py').read())\nassert RESULT",
    "run path": "import runpy\nassert runpy.run_path(DATA + '/../tools/script.py')['RESULT']",
    "globbed": "import glob\nassert glob.glob(DATA + '/part/*.txt') is not None",
    "variable": "import os\nassert os.getenv('NOTE_MODE') in (None, 'x')",
    "output": "print(1)",
}


class Project:
    """A vault, its package and the answers of `vaultkit run --json` about them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.code = root / "code"
        self.vault = root / "vault"
        (self.vault / ".obsidian").mkdir(parents=True)
        (root / "pyproject.toml").write_text("")
        for name, text in PACKAGE.items():
            self.write(name, text)
        for name, text in NOTES.items():
            self.note(name, text)

    def write(self, name: str, text: str) -> None:
        file = self.code / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def note(self, name: str, code: str, prose: str = "Prose.", output: str = "", control: str = "") -> None:
        output = output or ("1" if name == "output" else "")
        shown = f"```output\n{output}\n```\n" if output else ""
        setup = f"<!-- run: setup\nDATA = {str(self.code / 'data')!r}\n-->\n"
        (self.vault / f"{name}.md").write_text(f"{prose}\n\n{setup}{control}```python\n{code}\n```\n{shown}")

    def run(self, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": f"{CODE}{os.pathsep}{self.code}", **environ}
        command = [sys.executable, "-m", "vaultkit.cli", "run", *options]
        return subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True)

    def rows(self, *options: str, **environ: str) -> dict[str, dict[str, Any]]:
        done = self.run("--json", *options, **environ)
        assert not done.stderr, done.stderr
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return {row["path"].removesuffix(".md"): row for row in found}

    def ran(self, *options: str, **environ: str) -> dict[str, str]:
        """Why each note ran, of those that did."""
        return {n: row["why"] for n, row in self.rows(*options, **environ).items() if not row["reused"]}

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "kvist" / "notes.cache"

    @property
    def badges(self) -> dict[str, Any]:
        return json.loads(self.cache.with_name("results.json").read_text())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


ADDED = ("data/part/two.txt", "data/later.txt", "eng/bridge.py", "eng/extra.py", "eng/switch.txt",
         "eng/leaf/__init__.py", "eng/leaf")  # fmt: skip


@pytest.fixture
def project(shared: Project) -> Project:
    """The project with everything run and nothing left to do."""
    for name, text in PACKAGE.items():
        shared.write(name, text)
    for name, text in NOTES.items():
        shared.note(name, text)
    for added in ADDED:
        file = shared.code / added
        file.rmdir() if file.is_dir() else file.unlink(missing_ok=True)
    rows = shared.rows()
    assert all(row["ok"] for row in rows.values()), [row for row in rows.values() if not row["ok"]]
    assert set(rows) == set(NOTES)
    return shared


Plant = Callable[[Project], object]
CHANGES: dict[str, tuple[Plant, set[str]]] = {
    "nothing": (lambda p: None, set()),
    "a constant": (
        lambda p: p.write("eng/leaf.py", PACKAGE["eng/leaf.py"].replace("= 1", "= 2")),
        {"constant", "through", "edge 1", "edge 2"},
    ),
    "a function's body, two imports away": (
        lambda p: p.write("eng/leaf.py", PACKAGE["eng/leaf.py"].replace("x + x", "2 * x")),
        {"constant", "through", "edge 1", "edge 2"},
    ),
    "a module between": (lambda p: p.write("eng/mid.py", PACKAGE["eng/mid.py"] + "#\n"), {"through"}),
    "a kernel's source, read at import": (
        lambda p: p.write("eng/k.metal", "kernel 2\n"),
        {"kernel 1", "kernel 2"},
    ),
    "an extension": (lambda p: p.write("eng/ext.so", "binary 2"), {"native"}),
    "a file read once and remembered": (lambda p: p.write("eng/table.txt", "table 2"), {"lazy 1", "lazy 2"}),
    "a file read at run time": (lambda p: p.write("data/rows.txt", "rows 2"), {"data"}),
    "a module imported dynamically": (
        lambda p: p.write("eng/plug.py", "NAME = 'gulp'\n"),
        {"dynamic 1", "dynamic 2", "by import"},
    ),
    "a file run by its path": (lambda p: p.write("tools/loose.py", "VALUE = 'other'\n"), {"by spec"}),
    "a file executed": (lambda p: p.write("tools/script.py", "RESULT = 2\n"), {"executed", "run path"}),
    "a folder that was globbed": (lambda p: p.write("data/part/two.txt", ""), {"globbed"}),
    "a control comment": (
        lambda p: p.note("through", NOTES["through"], control="<!-- run: timeout 50 -->\n"),
        {"through"},
    ),
    "an earlier block": (
        lambda p: p.note("through", NOTES["through"], "```python\nearlier = 1\n```\n"),
        {"through"},
    ),
    "a deleted file": (lambda p: (p.code / "data/gone.txt").unlink(), {"gone", "listing"}),
    "a file that was looked for": (lambda p: p.write("data/later.txt", ""), {"failed open", "listing"}),
    "a file asked after at import": (lambda p: p.write("eng/switch.txt", ""), {"optional"}),
    "a module that was missing": (lambda p: p.write("eng/extra.py", ""), {"optional"}),
    "a package that hides a module": (
        lambda p: p.write("eng/leaf/__init__.py", PACKAGE["eng/leaf.py"]),
        {"constant", "through", "edge 1", "edge 2"},
    ),
    "a package's own file": (
        lambda p: p.write("eng/__init__.py", "# changed\n"),
        {n for n, code in NOTES.items() if "eng" in code},
    ),
    "prose": (lambda p: p.note("constant", NOTES["constant"], "Other\n\nprose."), set()),
    "code": (lambda p: p.note("constant", NOTES["constant"] + "\n1"), {"constant"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_depends_on_a_change_runs_again(project: Project, what: str) -> None:
    plant, expected = CHANGES[what]
    plant(project)
    assert set(project.ran()) == expected
    assert project.ran() == {}


def test_bytecode_of_an_earlier_source_is_not_run(project: Project) -> None:
    """Python trusts bytecode by time and size of the source; a note must run the source as it is."""
    project.note("alone", "from eng import leaf\nassert leaf.VALUE == 1")
    assert project.rows("vault/alone.md")["alone"]["ok"]
    source = project.code / "eng/leaf.py"
    py_compile.compile(str(source))
    before = source.stat()
    project.write("eng/leaf.py", PACKAGE["eng/leaf.py"].replace("= 1", "= 2"))
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not project.rows("vault/alone.md")["alone"]["ok"]


def test_the_environment(project: Project) -> None:
    assert set(project.ran(ENG_MODE="b")) == {"environ"}
    assert set(project.ran(NOTE_MODE="x")) == {"environ", "variable"}
    assert set(project.ran(ENG_MODE="b")) == {"environ", "variable"}
    assert set(project.ran(OTHER_MODE="b")) == {"environ"}  # ENG_MODE is unset again
    assert project.ran(OTHER_MODE="c") == {}
    assert set(project.ran(MLX_SOMETHING="1")) == set(NOTES)


def edit(project: Project, change: Callable[[dict[str, Any]], object], place: str = "") -> None:
    """Change the cache as another machine could have written it: with a true checksum."""
    _head, _, body = project.cache.read_bytes().partition(b"\n")
    document = json.loads(body)
    change(document)
    body = json.dumps(document).encode()
    project.cache.write_bytes(header(place or str(project.vault), body).encode() + b"\n" + body)


def test_another_version(project: Project) -> None:
    for stamp in ("the version of Python", "the installed packages", "the runner", "the machine"):

        def other(document: dict[str, Any], stamp: str = stamp) -> None:
            entry = document["notes"]["alone.md"]
            document["stamps"].append({**document["stamps"][entry["stamps"]], stamp: "other"})
            entry["stamps"] = len(document["stamps"]) - 1

        edit(project, other)
        assert project.ran() == {"alone": f"{stamp} changed"}


def test_an_output_fence_is_compared_again(project: Project) -> None:
    project.note("output", NOTES["output"], output="2")
    rows = project.rows()
    assert [name for name, row in rows.items() if not row["reused"]] == ["output"]
    assert rows["output"]["failures"][0]["kind"] == "output-differs"
    assert project.ran() == {"output": "it failed last time"}  # until it is mended


DAMAGES = {
    "flip": "has another digest than it names",
    "cut": "has another digest than it names",
    "foreign": "has another digest than it names",
    "empty": "is empty",
    "text": "begins with 'hello', not with 'kvist run cache",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_cache_that_cannot_be_trusted_is_ignored_with_a_line(project: Project, damage: str) -> None:
    data = project.cache.read_bytes()
    broken = {
        "flip": data.replace(b'"files"', b'"filez"', 1),
        "cut": data[: len(data) // 2],
        "empty": b"",
        "text": b"hello\nworld",
    }
    if damage == "foreign":
        edit(project, lambda d: None, "/somewhere/else")
    else:
        project.cache.write_bytes(broken[damage])
    done = project.run("--json")
    assert done.stderr.count("\n") == 1 and f"notes.cache {DAMAGES[damage]}" in done.stderr
    assert done.stderr.endswith(": it is ignored, and written anew\n")
    assert all(not json.loads(line)["reused"] for line in done.stdout.splitlines())
    assert project.ran() == {}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])", "starts a process"),
        ("import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.close()", "uses the network"),
        ("open(DATA + '/../made.txt', 'w').close()", "writes "),
    ],
)
def test_what_cannot_be_tracked_is_never_reused(project: Project, code: str, reason: str) -> None:
    project.note("alone", code)
    project.ran()
    assert reason in project.ran()["alone"]


def test_a_file_changed_while_a_note_ran_is_not_taken_for_what_it_read(project: Project) -> None:
    code = (
        "from pathlib import Path\nf = Path(DATA, 'rows.txt')\nf.read_text()\n"
        "import os, threading\nimport time\n"
        "fd = os.open(DATA + '/rows.txt', os.O_RDONLY)\nos.close(fd)\nos.utime(f)"
    )
    project.note("alone", code)
    assert "alone" in project.ran()
    assert "alone" in project.ran()


def test_no_cache_runs_everything(project: Project) -> None:
    assert set(project.ran("--no-cache")) == set(NOTES)


def test_badges_stay_true(project: Project) -> None:
    """A reused verdict renews the key of the badge; prose and other modules do not take the badge away."""
    before = project.badges["constant.md"]
    project.note("constant", NOTES["constant"], "Other prose.")
    assert project.ran() == {}
    after = project.badges["constant.md"]
    assert after["key"] != before["key"] and {**after, "key": ""} == {**before, "key": ""}


def test_what_ran_is_said_and_why(project: Project) -> None:
    project.write("eng/mid.py", "from eng.leaf import double as four\n")
    shown = project.run("--why").stdout
    assert "ok     vault/through.md: 1/1 blocks" in shown and "run because code/eng/mid.py changed" in shown
    assert "ok     vault/alone.md: 1/1 blocks, reused" in shown
    assert f"(1 run, {len(NOTES) - 1} reused)" in shown


SOURCE = """
#include <cstdio>
extern "C" int answer() {{ return {answer}; }}
extern "C" int read_file(const char *path) {{
    FILE *file = std::fopen(path, "r");
    if (!file) return -1;
    int first = std::fgetc(file);
    std::fclose(file);
    return first;
}}
"""


def build(project: Project, answer: int) -> None:
    source = project.root / "ext.cpp"
    source.write_text(SOURCE.format(answer=answer))
    target = project.code / "eng" / "libext.so"
    done = subprocess.run(["g++", "-shared", "-fPIC", "-O0", "-o", str(target) + ".new", str(source)])
    assert done.returncode == 0
    os.replace(str(target) + ".new", target)


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler here")
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="what native code opens is seen on Linux only"
)
def test_a_real_extension_and_what_it_opens_by_itself(project: Project) -> None:
    build(project, 1)
    project.write("eng/bridge.py", (
        "import ctypes\nfrom pathlib import Path\n"
        "_lib = ctypes.CDLL(str(Path(__file__).with_name('libext.so')))\n"
        "ANSWER = _lib.answer()\n\n\ndef first(path):\n    return _lib.read_file(path.encode())\n"
    ))  # fmt: skip
    project.note("alone", "from eng.bridge import ANSWER\nassert ANSWER == 1")
    project.note(
        "output", "from eng.bridge import first\nprint(first(DATA + '/rows.txt'))", output=str(ord("r"))
    )
    assert all(row["ok"] for row in project.rows().values()) and project.ran() == {}
    build(project, 2)
    rows = project.rows()
    assert not rows["alone"]["ok"] and not rows["output"]["reused"]
    build(project, 1)
    assert all(row["ok"] for row in project.rows().values()) and project.ran() == {}
    project.write("data/rows.txt", "other")
    rows = project.rows()
    assert rows["alone"]["reused"] and not rows["output"]["ok"]


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="what native code opens is seen on Linux only"
)
def test_who_has_the_finished_site_open_while_a_note_runs_is_nothing_to_the_note(tmp_path: Path) -> None:
    """The kernel does not say who opens a file: what native code opens here, a browser might as well."""
    project = Project(tmp_path / "project")
    places = [project.root / name for name in ("site/zh/index.bin", "docs/site/rows.bin", "site.bin")]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("1")
    opens = [f"assert ctypes.CDLL(None).open({str(place)!r}.encode(), 0) > 0" for place in places]
    project.note("opens", "\n".join(["import ctypes", *opens]))
    data = {place.relative_to(project.root).as_posix() for place in places}
    assert project.rows("vault/opens.md")["opens"]["ok"]
    assert data <= project.badges["opens.md"]["data"].keys()  # a folder that is called so
    (project.root / "mkdocs.yml").touch()
    assert project.rows("--no-cache", "vault/opens.md")["opens"]["ok"]
    assert data & project.badges["opens.md"]["data"].keys() == data - {"site/zh/index.bin"}


def test_modules_are_for_each_note_as_if_it_ran_alone(project: Project) -> None:
    """What one note sets, patches or draws is not there for the next, and so the order does not matter."""
    notes = {
        "alone": "import os\nos.environ['NOTE_MODE'] = 'mine'\n"
        "from eng import settings\nassert settings.MODE == 'mine'",
        "constant": "from eng import settings\nassert settings.MODE == 'none'",
        "data": "from eng import open\nopen.change()\nopen.new = 1",
        "dynamic 1": "from eng import open\nassert (open.LIMIT, open.TABLE) == (5, {'a': 1})\n"
        "assert open.Op.scale == 1\n"
        "assert not hasattr(open, 'new')",
        "edge 1": "import random\nrandom.random()\n"
        "from eng.drawn import DRAWN\nprint(DRAWN, random.random())",
        "edge 2": "from eng.drawn import DRAWN\nimport random\n"
        "random.random()\nprint(DRAWN, random.random())",
    }
    for name, code in notes.items():
        project.note(name, code, output="0.8444218515250481 0.7579544029403025" if "print" in code else "")
    rows = project.rows("--no-cache")
    assert [row["failures"] for row in rows.values() if not row["ok"]] == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import time\nassert time.time()", "reads the calendar"),
        ("from datetime import date\nassert date.today()", "reads the calendar"),
        ("import uuid\nassert uuid.uuid4()", "draws random numbers"),
        ("import numpy as np\nassert np.random.default_rng().random() < 1", "draws random numbers"),
    ],
)
def test_the_calendar_and_unseeded_randomness_are_never_reused(
    project: Project, code: str, reason: str
) -> None:
    project.note("alone", code)
    project.ran()
    assert reason in project.ran()["alone"]


def test_stop_watches_and_seeded_randomness_are_reused(project: Project) -> None:
    code = "import random, time\nimport numpy as np\ntime.perf_counter()\n"
    code += "np.random.default_rng(0)\nrandom.random()"
    project.note("alone", code)
    project.ran()
    assert project.ran() == {}


def test_a_library_edited_by_hand(project: Project) -> None:
    """Libraries are stamped by the times of the files that were loaded."""
    project.ran()
    file = json.__file__

    def aged(document: dict[str, Any]) -> None:
        for row in document["things"]:
            if row[:2] == ["library", file]:
                row[2] = "another time"

    edit(project, aged)
    assert set(project.ran()) == set(NOTES)
