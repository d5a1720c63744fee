"""Notes that each try to disturb the others: in any order, and interleaved, each prints the same."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.run.alone import Alone
from vaultkit.run.session import Session
from vaultkit.vault import Vault

FILE = Path(__file__).parents[1] / "fixtures" / "nasty.md"
NASTY = dict(re.findall(r"^## (.+)\n\n```python\n((?:.*\n)*?)```", FILE.read_text("utf-8"), re.MULTILINE))


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("nasty") / "vault"
    root.mkdir()
    for name, code in NASTY.items():
        text = f"```python\nA = 1\n```\n\n```python\n{code}```\n\n```python\nprint(A)\n```\n"
        (root / f"{name}.md").write_text(text, "utf-8")
    return root


def printed(vault: Path, name: str, process: Alone | None = None) -> list[str]:
    session = Session(vault / f"{name}.md", vault, alone=process)
    try:
        return [execution.stdout for _, execution in session.run_all()]
    finally:
        session.close()


@pytest.fixture(scope="module")
def alone(vault: Path) -> dict[str, list[str]]:
    """What some notes print in a process of their own."""
    script = textwrap.dedent("""
        import json, sys
        from pathlib import Path
        from vaultkit.run.session import Session
        session = Session(Path(sys.argv[1]), Path(sys.argv[1]).parent)
        said = [execution.stdout for _, execution in session.run_all()]
        session.close()
        print(json.dumps(said))
    """)
    found = {}
    for name in ("numpy random", "patched function", "decimal", "own module 2"):
        command = [sys.executable, "-c", script, str(vault / f"{name}.md")]
        found[name] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


@pytest.fixture(scope="module")
def first(vault: Path) -> dict[str, list[str]]:
    return {name: printed(vault, name) for name in sorted(NASTY)}


@settings(max_examples=max(2, settings().max_examples // 20))
@given(order=st.permutations(sorted(NASTY)), own=st.booleans())
def test_in_any_order(vault: Path, first: dict[str, list[str]], order: list[str], own: bool) -> None:
    process = Alone(str(vault)) if own else None
    for name in [*order, *order] if own else order:  # each thing is looked at by the note that changes it
        assert (name, printed(vault, name, process)) == (name, first[name])


def test_as_if_alone(first: dict[str, list[str]], alone: dict[str, list[str]]) -> None:
    assert {name: first[name] for name in alone} == alone


@pytest.mark.slow
@settings(max_examples=2)
@given(seed=st.integers(0, 99))
def test_with_blocks_interleaved(vault: Path, first: dict[str, list[str]], seed: int) -> None:
    sessions = {name: Session(vault / f"{name}.md", vault) for name in NASTY}
    turns = [name for name in NASTY for _ in range(3)]
    Random(seed).shuffle(turns)
    said: dict[str, list[str]] = {name: [] for name in NASTY}
    for name in turns:
        said[name].append(sessions[name].run_to(len(said[name]) + 1).stdout)
    for session in sessions.values():
        session.close()
    assert said == first


def test_a_thread_left_running_is_a_failure_and_cannot_speak_in_another_note(make_vault) -> None:
    code = "```python\n" + NASTY["thread"] + "t.start()\n```\n"
    root = make_vault(
        {"Shout.md": code, "Quiet.md": "```python\nimport time\ntime.sleep(0.02)\nprint(1)\n```\n"}
    )
    shout = Session(root / "Shout.md", root)
    assert shout.run_to(1).left
    assert Session(root / "Quiet.md", root).run_to(1).stdout == "1\n"
    vars(shout._module)["stop"].set()
    vars(shout._module)["t"].join()
    shout.close()


@pytest.mark.slow
def test_our_vault_in_two_random_orders() -> None:
    root = Path(__file__).parents[3] / "vault"
    notes = [
        path
        for path, note in Vault.load(root).notes.items()
        if path.endswith(".md") and any(fence.is_python and not fence.hidden for fence in note.scan.fences)
    ]
    said: list[dict[str, list[str]]] = []
    for seed in (1, 2):
        order = sorted(notes)
        Random(seed).shuffle(order)
        found = {}
        for path in order:
            session = Session(root / path, root)
            found[path] = [f"{e.stdout}{e.error!r}" for _, e in session.run_all()]
            session.close()
        said.append(found)
    assert said[0] == said[1]
