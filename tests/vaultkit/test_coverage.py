"""Guards the reading of public names from sources, which code uses which names, and `vaultkit coverage`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vaultkit.api.coverage import ENGINE, Coverage, coverage, engine_of
from vaultkit.api.names import Engine
from vaultkit.api.read import NOT_TAUGHT, read_engine
from vaultkit.api.uses import uses
from vaultkit.cli import main
from vaultkit.vault import Vault

ROOT = Path(__file__).parents[2]
MakeVault = Callable[[dict[str, str]], Path]

PACKAGE = {
    "__init__.py": '"""A twig."""\nraise RuntimeError("imported")\n',
    "cli.py": "def main(): ...\n",
    "_hidden.py": "def secret(): ...\n",
    "errors.py": (
        "class TwigError(ValueError):\n"
        '    """Bad."""\n\n'
        "    def __init__(self, where: str, *, hint: str = ''): ...\n\n"
        "def _private(): ...\n"
        'LIMIT = 3\n"""The most."""\n'
        "UNTOLD = 4\n"
    ),
    "ops/__init__.py": (
        '"""Operators."""\nfrom mlx import core as mx\nfrom twig.ops.sums import total as total\n'
        "from .sums import mean\nfrom twig.ops import deep\n"
    ),
    "ops/sums.py": (
        "from functools import reduce as reduce\n"
        "def total(values, /, start: 'int' = 1_000, *rest: int, axis: int=-1, **more) -> 'Sum':\n"
        '    """Add.\n\n    In order."""\n'
        "async def mean(values): ...\n"
        "def unexported(): ...\n"
    ),
    "ops/deep/__init__.py": "__all__ = ['only']\nfrom twig.ops.sums import mean\ndef only(): ...\n",
    "cache/__init__.py": "from twig.cache.tree import Tree, Node, Options\n",
    "cache/tree.py": (
        "from abc import ABC\n"
        "from dataclasses import dataclass, field\n"
        "from typing import ClassVar, NamedTuple\n"
        "class Base(ABC):\n"
        "    def __init__(self, step: int = 2): ...\n"
        '    def grow(self):\n        """Get bigger."""\n'
        "class Tree(Base):\n"
        "    def grow(self): ...\n"
        "    def _rot(self): ...\n"
        '    @property\n    def size(self) -> int:\n        """Tokens."""\n'
        "    @size.setter\n    def size(self, value): ...\n"
        "    @staticmethod\n    def plant(seed: int) -> 'Tree': ...\n"
        "    def __call__(self, x): ...\n"
        "    def __len__(self): ...\n"
        "class Node(NamedTuple):\n"
        '    length: int\n    """How long."""\n'
        "    slots: list[int] = []\n"
        "@dataclass(kw_only=True)\n"
        "class Options:\n"
        "    kinds: ClassVar[int] = 0\n"
        "    names: list[str] = field(default_factory=list)\n"
        "    _inner: int = 0\n"
        "    made: int = field(init=False)\n"
    ),
}


@pytest.fixture
def twig(tmp_path: Path) -> Engine:
    return make_twig(tmp_path)


def make_twig(tmp_path: Path) -> Engine:
    for path, text in PACKAGE.items():
        file = tmp_path / "code" / "twig" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return read_engine(tmp_path / "code" / "twig", tmp_path)


def test_rooms_and_names_are_those_that_the_sources_export(twig: Engine) -> None:
    """Importing would raise; private, command and unexported names stay out, and `__all__` decides."""
    names = {room.path: [name.name for name in room.names] for room in twig.rooms}
    assert names == {
        "twig.cache": ["Tree", "Node", "Options"],
        "twig.errors": ["TwigError", "LIMIT"],
        "twig.ops": ["total", "mean"],
        "twig.ops.deep": ["only"],
    }
    assert "twig" not in sys.modules


def test_a_name_has_its_place_its_docstring_and_its_signature(twig: Engine) -> None:
    total = twig.names["twig.ops.total"]
    assert (total.file, total.line, total.defined) == ("code/twig/ops/sums.py", 2, "twig.ops.sums.total")
    assert total.doc == "Add.\n\nIn order."
    assert total.signature == (
        "def total(values, /, start: int = 1_000, *rest: int, axis: int = -1, **more) -> Sum"
    )
    assert twig.names["twig.ops.mean"].signature == "async def mean(values)"
    limit = twig.names["twig.errors.LIMIT"]
    assert (limit.signature, limit.doc) == ("LIMIT = 3", "The most.")


def test_a_class_is_shown_as_it_is_called(twig: Engine) -> None:
    shown = {path: name.signature for path, name in twig.names.items() if name.kind == "class"}
    assert shown == {
        "twig.errors.TwigError": "class TwigError(where: str, *, hint: str = '')",
        "twig.cache.Tree": "class Tree(step: int = 2)",
        "twig.cache.Node": "class Node(length: int, slots: list[int] = [])",
        "twig.cache.Options": "class Options(*, names: list[str] = list())",
    }


def test_members_are_public_and_borrow_docstrings_from_the_base(twig: Engine) -> None:
    tree = [(m.name, m.kind, m.signature, m.doc) for m in twig.names["twig.cache.Tree"].members]
    assert tree == [
        ("grow", "method", "def grow()", "Get bigger."),
        ("size", "property", "size: int", "Tokens."),
        ("plant", "method", "def plant(seed: int) -> Tree", ""),
        ("__call__", "method", "def __call__(x)", ""),
    ]
    assert twig.names["twig.cache.Tree"].bases == ("twig.cache.tree.Base",)
    assert [(m.name, m.doc) for m in twig.names["twig.cache.Node"].members[:1]] == [("length", "How long.")]


@pytest.mark.parametrize(
    ("code", "run"),
    [
        ("from twig.ops import total\ntotal([])", {"twig.ops.total"}),
        ("from twig.ops import total as t\nt([])", {"twig.ops.total"}),
        ("import twig.ops\ntwig.ops.total([])", {"twig.ops.total"}),
        ("import twig.ops as o\np = o\np.total([])", {"twig.ops.total"}),
        ("from twig import ops\nmap(ops.total, [])", {"twig.ops.total"}),
        ("from twig.ops.sums import total\ntotal([])", {"twig.ops.total"}),
        ("from twig.cache import Tree\nTree.plant(3)", {"twig.cache.Tree"}),
        ("from twig.errors import TwigError\ntry: pass\nexcept TwigError: pass", {"twig.errors.TwigError"}),
        ("from twig.ops import total\ndef f(x=total): return mean", {"twig.ops.total"}),
        ("from twig.ops import total", set()),  # imported is not run
        ("from twig.ops import total\ndef f(x: total) -> total: ...", set()),
        ("from twig.ops import total\ntotal = sum\ntotal([])", set()),
        ("from twig.ops import total\nfrom other import total\ntotal([])", set()),
        ("from twig.ops import total\ndef total(): ...\ntotal()", set()),
        ("from twig.ops import total\ndef f(total): return total\nlambda total: total", set()),
        ("from twig.ops import total\n[total for total in range(3)]", set()),
        ("from twig.ops import total\ndef f():\n    total = 3\n    return total", set()),
        ("from other import total\ntotal([])", set()),
        ("import twiggy\ntwiggy.ops.total()", set()),
        ("x.total()\n'twig.ops.total'  # twig.ops.total", set()),
        ("from twig.ops import total\ntotal(", set()),  # does not parse
        ("from twig.ops import total\r\n\rtotal(1)", {"twig.ops.total"}),
    ],
)
def test_code_runs_a_name_when_it_mentions_what_it_imported(twig: Engine, code: str, run: set[str]) -> None:
    found = {twig.public(use.path) for use in uses(code, {}, "twig") if use.kind == "run"}
    assert found - {None} == run


def test_places_of_uses_count_characters() -> None:
    code = 's = "键值"; import twig.ops as o; print("é", o.total,\n  o.mean)'
    lines = code.split("\n")
    found = uses(code, {}, "twig")
    assert [use.text for use in found] == ["o", "total", "o", "mean"]
    assert all(lines[use.line - 1].startswith(use.text, use.column) for use in found)


NOTE = """# A

```python
from twig.ops import total, mean
```

<!-- run: skip "no time" -->
```python
mean([])
```

```python
total([])
```
"""


@pytest.mark.parametrize(
    ("code", "methods"),
    [
        ("t = Tree()\nt.grow()\nt(1)", {"grow", "__call__"}),
        ("Tree().size", {"size"}),
        ("Tree.plant(1)", {"plant"}),
        ("u = t = Tree()\nv = u\nv.grow()", {"grow"}),
        ("t = Tree()\nt = 3\nt.grow()", set()),
        ("t = Tree.plant(1)\nt.grow()", {"plant"}),
        ("t = Tree()\ndef f():\n    t.grow()", set()),
        ("def f(t):\n    t.grow()\nt = Tree()", set()),
        ("if x:\n    t = Tree()\n    t.size\nelse:\n    t = other()\n    t.grow()\nt.grow()", {"size"}),
        ("t = Tree()\nfor x in y:\n    t.grow()\n    t = other()\nt.grow()", set()),
        ("t = Tree()\nwhile t.size:\n    t.grow()", {"size", "grow"}),
        ("try:\n    t = Tree()\n    t.size\nexcept E:\n    t.grow()\nt.grow()", {"size"}),
        ("with Tree() as t:\n    t.grow()", set()),
        ("t = Tree()\ndel t\nt.grow()", set()),
        ("[t.grow() for t in Tree()]", set()),
    ],
)
def test_a_method_counts_only_where_the_class_is_known(twig: Engine, code: str, methods: set[str]) -> None:
    found = uses(f"from twig.cache import Tree\n{code}", {}, "twig")
    paths = {method for use in found if (method := twig.method(use.path))}
    assert {path.removeprefix("twig.cache.Tree.") for path in paths} == methods


def test_notes_explain_what_they_speak_of(twig: Engine, make_vault: MakeVault) -> None:
    code = "```python\nfrom twig.ops import total\ntotal([1])\n```\n"
    notes = {
        "A.md": f"Here `total` and `mean`.\n\n{code}",
        "B.md": "Here `total`, `ops.mean(x)` and `Tree.grow()`.\n",
        "Total.md": "Nothing in marks: total.\n",
        "S.md": "---\nstatus: stub\n---\n`twig.ops.mean`\n",
    }
    found = coverage(Vault.load(make_vault(notes)), twig)
    assert found.explains == {
        "twig.ops.total": ["A.md", "Total.md"],
        "twig.ops.mean": ["B.md"],
        "twig.cache.Tree.grow": ["B.md"],
    }


def test_names_are_followed_through_a_note_but_not_into_skips(twig: Engine, make_vault: MakeVault) -> None:
    hidden = "<!-- run: setup\nfrom twig.errors import LIMIT\nprint(LIMIT)\n-->\n```python\nx = 1\n```\n"
    fresh = (
        "```python\nfrom twig.ops import mean\n```\n\n<!-- run: fresh -->\n```python\nmean([])  # twig\n```\n"
    )
    root = make_vault({"a/A.md": NOTE, "a/A.zh.md": NOTE, "B.md": hidden, "C.md": fresh})
    found = coverage(Vault.load(root), twig)
    assert found.runs == {"twig.ops.total": ["a/A.md", "a/A.zh.md"], "twig.errors.LIMIT": ["B.md"]}
    assert "twig.ops.mean" in found.uncovered and "twig.ops.total" not in found.uncovered


def test_the_command(tmp_path: Path, make_vault: MakeVault, capsys: pytest.CaptureFixture[str]) -> None:
    make_twig(tmp_path)
    root = make_vault({"a/A.md": NOTE, "a/A.zh.md": NOTE})
    engine = ["--engine", str(tmp_path / "code" / "twig")]
    assert main(["coverage", str(root), *engine]) == 0
    shown = capsys.readouterr().out
    assert f"twig.ops.total: {root}/a/A.md\n" in shown
    assert "8 public names: 1 run by a note, 7 by none" in shown and "  twig.ops: mean\n" in shown
    assert main(["coverage", str(root), *engine, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["names"]["twig.ops.total"] == ["a/A.md"]
    assert len(found["uncovered"]) == 7 and "twig.ops.mean" in found["uncovered"]


def test_a_project_without_engine_is_told_so(
    make_vault: MakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["coverage", str(make_vault({"A.md": NOTE}))]) == 1
    assert "--engine" in capsys.readouterr().err


@pytest.mark.parametrize("init", [
    "from mini.ops import double\n", "from .ops import double as double, Box\n", "from mini.ops import *\n",
    "from ._made import double\n", "def double(x): ...\n", "from .ops import *\n__all__ = ['double']\n",
])  # fmt: skip
def test_what_the_package_itself_offers_is_run(
    tmp_path: Path, make_vault: MakeVault, capsys: pytest.CaptureFixture[str], init: str
) -> None:
    folder = tmp_path / "lib" / "mini"
    folder.mkdir(parents=True)
    code = "def double(x): ...\ndef half(x): ...\nclass Box:\n    def open(self): ...\n"
    files = {"__init__.py": init, "_made.py": code, "ops.py": code}
    for name, text in files.items():
        (folder / name).write_text(text)
    root = make_vault({"A.md": "```python\nfrom mini import double\ndouble(2)\n```\n"})
    for engine in (folder, folder.parent):  # as `run --engine` has it, too
        assert main(["coverage", str(root), "--engine", str(engine), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["names"]["mini.double"] == ["A.md"]
        assert "mini.half" not in found["names"] or "import *" in init
        own = "def" in init or "_made" in init  # then ops.double is another one
        assert ("mini.ops.double" in found["uncovered"]) == own and "mini.ops.half" in found["uncovered"]


def test_a_method_is_run_under_each_name_of_its_class(tmp_path: Path, make_vault: MakeVault) -> None:
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "__init__.py").write_text("from mini.box import Box\n")
    (folder / "box.py").write_text("class Box:\n    def open(self): ...\n    def close(self): ...\n")
    root = make_vault({"A.md": "```python\nimport mini\nbox = mini.Box()\nbox.open()\n```\n"})
    found = coverage(Vault.load(root), read_engine(folder, tmp_path))
    assert set(found.methods) == {"mini.Box.open", "mini.box.Box.open"}
    assert found.uncovered_methods == ["mini.Box.close", "mini.box.Box.close"] and not found.uncovered


def test_which_package_of_a_folder(
    tmp_path: Path, make_vault: MakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("mini", "maxi"):
        (tmp_path / "lib" / name).mkdir(parents=True)
        (tmp_path / "lib" / name / "__init__.py").write_text("def double(x): ...\n")
    root = make_vault({"A.md": "```python\nfrom maxi import double\n```\n"})
    engine = ["--engine", str(tmp_path / "lib"), "--json"]
    assert main(["coverage", str(root), *engine]) == 0
    assert list(json.loads(capsys.readouterr().out)["names"]) == ["maxi.double"]
    (root / "A.md").write_text("text\n")
    assert main(["coverage", str(root), *engine]) == 2
    assert "name one of them: maxi, mini" in capsys.readouterr().err
    assert main(["coverage", str(root), "--engine", str(tmp_path / "nowhere")]) == 2
    assert main(["coverage", str(root), "--engine", str(root)]) == 2
    assert capsys.readouterr().err.count("no-engine") == 2


def test_a_source_that_cannot_be_read_is_named(
    tmp_path: Path, make_vault: MakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    make_twig(tmp_path)
    folder = tmp_path / "code" / "twig"
    (folder / "errors.py").write_text("x = 1\ndef (:\n")
    (folder / "bytes.py").write_bytes(b"\xff")
    engine = read_engine(folder, tmp_path)
    assert {(p.path, p.line) for p in engine.problems} == {
        ("[engine] code/twig/errors.py", 2),
        ("[engine] code/twig/bytes.py", 0),
    }
    assert main(["coverage", str(make_vault({"A.md": NOTE})), "--engine", str(folder)]) == 1
    assert "code/twig/errors.py:2: engine-source" in capsys.readouterr().err


def test_a_computed_list_of_names_is_left_to_the_definitions(tmp_path: Path) -> None:
    (tmp_path / "twig").mkdir()
    (tmp_path / "twig" / "ops.py").write_text("__all__ = ['a'] + more\ndef a(): ...\ndef b(): ...\n")
    assert list(read_engine(tmp_path / "twig", tmp_path).names) == ["twig.ops.a", "twig.ops.b"]


@pytest.fixture(scope="module")
def real() -> Coverage:
    return coverage(Vault.load(ROOT / "vault"), engine_of(ROOT / "vault"))


def test_every_room_of_the_engine_is_read(real: Coverage) -> None:
    """Each public folder and module of kvist but its plumbing, and every name that an `__init__` exports."""
    folder = ROOT / ENGINE
    expected = {f"kvist.{p.stem}" for p in folder.glob("*.py") if p.stem not in {"__init__", *NOT_TAUGHT}}
    taught = (p.parent.name for p in folder.glob("*/__init__.py") if p.parent.name not in NOT_TAUGHT)
    expected |= {f"kvist.{name}" for name in taught}
    inner = [p for p in folder.glob("*/*/__init__.py") if p.parent.name not in NOT_TAUGHT]
    inner = [p for p in inner if "import" in p.read_text()]  # one that exports nothing is plumbing, too
    expected |= {f"kvist.{p.parent.parent.name}.{p.parent.name}" for p in inner}
    assert {room.path for room in real.engine.rooms} == expected
    for init in folder.glob("*/__init__.py"):
        exported = {line.split(" as ")[1] for line in init.read_text().splitlines() if " as " in line}
        assert exported <= {path.rpartition(".")[2] for path in real.engine.names}
    assert all(name.signature for name in real.engine.names.values())


def test_our_notes_run_what_they_teach(real: Coverage) -> None:
    assert "concepts/RadixAttention.md" in real.runs["kvist.cache.RadixCache"]
    assert "concepts/RadixAttention.zh.md" in real.runs["kvist.cache.RadixCache"]
    assert "kvist.train.expand" in real.uncovered
