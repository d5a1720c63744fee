"""Guards the grammar of control comments: known words are understood, everything else is an error."""

import pytest

from vaultkit.run.control import Control, ControlError, is_control, parse, setup_code
from vaultkit.run.program import program_of
from vaultkit.scan import scan


def comments(text: str):
    return [comment for comment in scan(text).comments if is_control(comment)]


@pytest.mark.parametrize(
    ("words", "control"),
    [
        ('skip "needs a GPU"', Control(skip="needs a GPU")),
        ("skip “需要显卡”", Control(skip="需要显卡")),
        ("raises ValueError", Control(raises="ValueError")),
        ("raises kvist.errors.KvistError", Control(raises="kvist.errors.KvistError")),
        ('raises ValueError "no such"', Control(raises="ValueError", message="no such")),
        ("requires torch", Control(requires=("torch",))),
        ("requires metal requires a.b", Control(requires=("metal", "a.b"))),
        ("timeout 20", Control(timeout=20.0)),
        ("timeout 0.5", Control(timeout=0.5)),
        ("fresh", Control(fresh=True)),
        ("fresh raises KeyError timeout 3", Control(raises="KeyError", timeout=3.0, fresh=True)),
    ],
)
def test_known_words(words: str, control: Control) -> None:
    assert parse(comments(f"<!-- run: {words} -->")) == control


@pytest.mark.parametrize(
    "words",
    ["", "skip", "skip why", 'skip ""', "raises", "raises 3", "timeout", "timeout x", "timeout 0",
     "fresh fresh", "notest", "skpi \"x\"", "setup-x", '"fresh"', "raises A raises B",
     "requires", 'requires "torch"', 'raises A "x" "y"'],
)  # fmt: skip
def test_anything_else_is_an_error(words: str) -> None:
    with pytest.raises(ControlError):
        parse(comments(f"<!-- run: {words} -->"))


def test_setup_code_keeps_its_lines() -> None:
    (comment,) = comments("<!-- run: setup\nimport math\n\nx = 1\n-->")
    assert setup_code(comment) == "import math\n\nx = 1\n"
    for bad in ("<!-- run: setup -->", "<!-- run: setup x\ny = 1\n-->"):
        with pytest.raises(ControlError):
            setup_code(comments(bad)[0])


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("<!-- run: fresh -->\n\n```python\n1\n```", 1, "run-control"),  # a blank line in between
        ("```python\n1\n```\n<!-- run: fresh -->", 4, "run-control"),
        ("x\n<!-- run: nothing -->\n```python\n1\n```", 2, "run-control"),
        ("<!-- run: fresh -->\n```sh\nls\n```", 1, "run-control"),
        ("```python\n1\n```\n\nx\n\n```output\n1\n```", 7, "output-place"),
        ("> ```python\n> 1\n> ```\n```output\n1\n```", 4, "output-place"),
        ("```ipython\n1\n```", 1, "fence-language"),
        ("```python notest\n1\n```", 1, "fence-word"),
        ("```python\n1", 1, "fence-unclosed"),
        ("[^1]: ```python\n    1\n    ```", 1, "fence-on-marker"),
        ("<!-- run: setup\nx = 1\n-->\n", 1, "run-control"),
    ],
)
def test_program_names_the_line_of_what_is_wrong(text: str, line: int, code: str) -> None:
    problems = program_of("Note.md", scan(text)).problems
    assert [(problem.line, problem.code) for problem in problems] == [(line, code)]


def test_setups_belong_to_the_next_block() -> None:
    text = "<!-- run: setup\na = 1\n-->\ntext\n\n```python\na\n```\n"
    text += "<!-- run: setup\nb = 1\n-->\n```python\nb\n```\n"
    first, second = program_of("Note.md", scan(text)).blocks
    assert [setup.line for setup in first.setups] == [1]
    assert [setup.line for setup in second.setups] == [9]


@pytest.mark.parametrize(
    ("word", "meant"),
    [("skpi", "skip"), ("raise", "raises"), ("Timeout", "timeout"), ("require", "requires"),
     ("frsh", "fresh"), ("notest", "skip"), ("xfail", "raises"), ("needs", "requires")],
)  # fmt: skip
def test_a_mistyped_word_is_guessed(word: str, meant: str) -> None:
    with pytest.raises(ControlError, match=f"unknown control word `{word}` .did you mean `{meant}`"):
        parse(comments(f"<!-- run: {word} -->"))


@pytest.mark.parametrize("before", ["", "> ", "> > ", "   "])
def test_control_keeps_its_meaning_in_containers(before: str) -> None:
    lines = ['<!-- run: skip "why" -->', "```python", "1 / 0", "```"]
    text = {"   ": "1. x\n\n"}.get(before, "") + "".join(f"{before}{line}\n" for line in lines)
    program = program_of("Note.md", scan(text))
    assert not program.problems and [block.control.skip for block in program.blocks] == ["why"]


def test_what_is_required_and_absent_is_a_declared_skip() -> None:
    text = "<!-- run: requires {} -->\n```python\n1\n```\n"
    for name, reason in (("no_such_module", "requires no_such_module, which is not installed here"),
                         ("json.nothing", "requires json.nothing, which is not installed here"),
                         ("json.decoder", ""), ("json", "")):  # fmt: skip
        (block,) = program_of("Note.md", scan(text.format(name))).blocks
        assert block.control.skip == reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```python\n1\n```\n```output\na\n```", ["a\n"]),
        ("```python\n1\n```\n\n\t\n```output\na\n```", ["a\n"]),
        ("> ```python\n> 1\n> ```\n>\n> ```output\n> a\n> ```", ["a\n"]),
        ("- x\n\n  ```python\n  1\n  ```\n\n  ```output\n  a\n  ```", ["a\n"]),
        ("```python\n1\n```\n\n```python\n2\n```\n\n```output\na\n```", [None, "a\n"]),
    ],
)
def test_an_output_may_stand_a_blank_line_below_its_block(text: str, expected: list[str | None]) -> None:
    program = program_of("Note.md", scan(text))
    assert program.problems == []
    assert [block.output.code if block.output else None for block in program.blocks] == expected
