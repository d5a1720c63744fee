"""Guards the one promise of the cache: with it, the verdicts are those there would be without it.

A small engine is edited at random: constants, who imports whom, data files that come and go, the
environment, the notes. After each edit the verdicts with the cache are compared with those of a process that
knows nothing.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow  # two processes for each edit

CODE = Path(__file__).resolve().parents[3] / "codebase"
MODULES, NOTES, FILES = 3, 4, 2

Edit = tuple[str, int, int]


class World:
    """Modules that add up what they import, a constant, a file and a variable; notes that assert the sum."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.constants = [1] * MODULES
        self.imports = [0, 1, 1]  # module n imports module n - 1, or not
        self.reads = [0, 0, 0]  # which file a module reads: at import, when called, or none
        self.files: dict[int, int] = {}
        self.variable = 0
        self.wanted = [1] * NOTES
        (root / "vault").mkdir()
        (root / "vault" / ".obsidian").mkdir()
        (root / "lib" / "eng").mkdir(parents=True)
        (root / "pyproject.toml").write_text("")
        (root / "lib" / "eng" / "__init__.py").write_text("")
        self.write()

    def write(self) -> None:
        for n in range(MODULES):
            below = (
                f"from eng.m{n - 1} import value as below" if n and self.imports[n] else "below = lambda: 0"
            )
            at_import, at_call = (int(self.reads[n] == place) for place in (1, 2))
            text = (
                "import os\nfrom pathlib import Path\n"
                f"{below}\n\n\ndef look():\n    file = Path(__file__).parent / 'f{n % FILES}.txt'\n"
                "    return int(file.read_text()) if file.exists() else 0\n\n\n"
                f"START = look() * {at_import} + int(os.environ.get('WORLD', '0')) * {n % 2}\n\n\n"
                f"def value():\n    return {self.constants[n]} + below() + START + look() * {at_call}\n"
            )
            self.put(self.root / "lib" / "eng" / f"m{n}.py", text)
        for n in range(FILES):
            file = self.root / "lib" / "eng" / f"f{n}.txt"
            if n in self.files:
                self.put(file, str(self.files[n]))
            else:
                file.unlink(missing_ok=True)
        for n in range(NOTES):
            module = n % MODULES
            code = f"from eng.m{module} import value\nassert value() == {self.wanted[n]}"
            code = f"__import__('eng.m{module}')\n{code}" if n == 3 else code
            self.put(self.root / "vault" / f"N{n}.md", f"```python\n{code}\n```\n")

    def put(self, file: Path, text: str) -> None:
        if not file.exists() or file.read_text() != text:
            file.write_text(text)

    def edit(self, what: str, which: int, value: int) -> None:
        if what == "constant":
            self.constants[which % MODULES] = value
        elif what == "import":
            self.imports[which % MODULES] = value % 2
        elif what == "read":
            self.reads[which % MODULES] = value % 3
        elif what == "file":
            self.files[which % FILES] = value
        elif what == "delete":
            self.files.pop(which % FILES, None)
        elif what == "variable":
            self.variable = value
        else:
            self.wanted[which % NOTES] = value
        self.write()

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "kvist" / "notes.cache"

    def verdicts(self, *options: str) -> dict[str, bool]:
        """Of each note."""
        env = {**os.environ, "PYTHONPATH": str(CODE), "WORLD": str(self.variable)}
        command = [sys.executable, "-m", "vaultkit.cli", "run", "--json", "--engine", str(self.root / "lib")]
        done = subprocess.run(
            [*command, str(self.root / "vault"), *options], env=env, capture_output=True, text=True
        )
        assert not done.stderr, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(rows) == NOTES
        return {row["path"]: row["ok"] for row in rows}


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["constant", "import", "read", "file", "delete", "variable", "note"]),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=4,
)


@given(EDITS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_with_the_cache_the_verdicts_are_those_without_it(edits: list[Edit]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder).resolve())
        world.verdicts()
        for edit in edits:
            world.edit(*edit)
            with_cache, remembered = world.verdicts(), world.cache.read_bytes()
            world.cache.unlink()
            assert with_cache == world.verdicts(), edit
            world.cache.write_bytes(remembered)  # what was learnt step by step, not afresh
