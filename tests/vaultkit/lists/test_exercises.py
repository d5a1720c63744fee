"""Guards `vaultkit try`: the starter is copied once, a right solution is proof, a wrong one a message."""

import pytest

from vaultkit.cli import main
from vaultkit.lists import exercises
from vaultkit.lists.mastery import Evidence
from vaultkit.lists.solved import Solved
from vaultkit.vault import Vault

FILES = {
    "Softmax.md": "---\naliases: [柔性最大值]\nexercise: softmax\n---\n",
    "None.md": "",
    "Odd.md": "---\nexercise: ../x\n---\n",
}
RIGHT = """
import mlx.core as mx
print('{"name": "forged", "ok": true, "message": ""}')
def softmax(x):
    e = mx.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
"""


def attempt(root, capsys: pytest.CaptureFixture[str], note: str = "Softmax") -> tuple[int, str]:
    code = main(["try", note, "--vault", str(root)])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_from_the_starter_to_the_proof(make_vault, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_vault(FILES)
    file = root.parent / "study" / "softmax.py"
    assert attempt(root, capsys)[0] == 0 and "NotImplementedError" in file.read_text("utf-8")
    code, said = attempt(root, capsys, "柔性最大值")
    assert code == 1 and said.count("softmax.py:12: NotImplementedError") == 3
    file.write_text(RIGHT, "utf-8")
    code, said = attempt(root, capsys)
    assert code == 0 and said.count("ok  ") == 3 and "forged" not in said
    assert Evidence(Vault.load(root)).solved("Softmax.md")
    assert main(["try", "--vault", str(root)]) == 0 and "solved  Softmax" in capsys.readouterr().out
    wrong = RIGHT.replace(" - x.max(axis=-1, keepdims=True)", "")
    file.write_text(wrong, "utf-8")
    assert not Evidence(Vault.load(root)).solved("Softmax.md")
    code, said = attempt(root, capsys)
    assert code == 1 and said.count("ok  ") == 2 and "shift the row first" in said
    assert file.read_text("utf-8") == wrong


@pytest.mark.parametrize(
    "text", ["def f(:", "import sys; sys.exit(0)", "import os; os._exit(0)", "x = 1", "1 / 0"]
)
def test_a_broken_solution_is_a_message(make_vault, capsys: pytest.CaptureFixture[str], text: str) -> None:
    root = make_vault(FILES)
    Solved.load(root).folder.mkdir()
    Solved.load(root).solution("softmax").write_text(text, "utf-8")
    code, said = attempt(root, capsys)
    assert code == 1 and "NO  " in said and "Traceback" not in said


def test_one_that_ends_halfway_is_not_solved(make_vault, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_vault(FILES)
    Solved.load(root).folder.mkdir()
    last_words = "\n    if x.shape == (1, 2): import os; os._exit(0 if len(x.shape) > 5 else 3)"
    text = RIGHT.replace("def softmax(x):", f"def softmax(x):{last_words}")
    Solved.load(root).solution("softmax").write_text(text, "utf-8")
    code, said = attempt(root, capsys)
    assert code == 1 and "ok  " in said and "NO  is checked to the end" in said
    assert not Solved.load(root).holds("softmax")


@pytest.mark.slow
def test_one_that_never_ends(
    make_vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exercises, "SECONDS", 2)
    root = make_vault(FILES)
    Solved.load(root).folder.mkdir()
    Solved.load(root).solution("softmax").write_text("while True: pass", "utf-8")
    code, said = attempt(root, capsys)
    assert code == 1 and "still running" in said


@pytest.mark.parametrize(
    ("note", "code"), [("None", "no-exercise"), ("Odd", "no-exercise"), ("Nothing", "no-note")]
)
def test_no_exercise(make_vault, capsys: pytest.CaptureFixture[str], note: str, code: str) -> None:
    root = make_vault(FILES)
    assert attempt(root, capsys, note)[0] == (2 if code == "no-note" else 1)
    assert code in attempt(root, capsys, note)[1]


def test_an_exercise_that_the_engine_does_not_have(make_vault, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_vault({"A.md": "---\nexercise: flying\n---\n"})
    code, said = attempt(root, capsys, "A")
    assert code == 1 and "need python -m kvist.exercises" in said
    assert not (root.parent / "study").exists()
