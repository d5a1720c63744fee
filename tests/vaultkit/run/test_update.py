"""Guards `vaultkit update`: it writes what blocks print, in their container, and nothing on an error."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from vaultkit.run.update import update_note
from vaultkit.scan import scan


def note(make_vault, text: str) -> tuple[Path, Path]:
    root = make_vault({"Note.md": text})
    return root / "Note.md", root


def test_creates_replaces_and_deletes_fences(make_vault) -> None:
    file, root = note(
        make_vault,
        "```python\nprint('a')\n```\ntext\n\n```python\nprint(2)\n```\n```output\n1\n```\n\n"
        "```python\nx = 1\n```\n```output\nold\n```\nend\n",
    )
    update = update_note(file, root)
    assert not update.errors and "+a" in update.diff and "-old" in update.diff
    assert file.read_text() == (
        "```python\nprint('a')\n```\n```output\na\n```\ntext\n\n```python\nprint(2)\n```\n```output\n2\n```\n\n"
        "```python\nx = 1\n```\nend\n"
    )
    assert not update_note(file, root).changed


def test_keeps_containers_newlines_and_markers(make_vault) -> None:
    text = (
        "> [!note]\r\n> ```python\r\n> print('a\\n\\nb')\r\n> ```\r\n\r\n"
        "1. x\r\n\r\n   ~~~py\r\n   print('```')\r\n   ~~~\r\n\r\n"
        '=== "Tab"\r\n\r\n    ```python\r\n    print(1)\r\n    ```'
    )
    file, root = note(make_vault, text)
    assert not update_note(file, root).errors
    assert file.read_bytes().decode() == (
        "> [!note]\r\n> ```python\r\n> print('a\\n\\nb')\r\n> ```\r\n"
        "> ```output\r\n> a\r\n>\r\n> b\r\n> ```\r\n\r\n"
        "1. x\r\n\r\n   ~~~py\r\n   print('```')\r\n   ~~~\r\n   ~~~~output\r\n   ```\r\n   ~~~~\r\n\r\n"
        '=== "Tab"\r\n\r\n    ```python\r\n    print(1)\r\n    ```\r\n    ```output\r\n    1\r\n    ```'
    )
    assert not update_note(file, root).changed


def test_leaves_what_agrees_within_tolerance(make_vault) -> None:
    text = "```python\nprint(1 / 3)\n```\n```output\n0.333333\n```\n"
    text += "```python\nprint('a\\nb')\n```\n```output ellipsis\n...\nb\n```\n"
    file, root = note(make_vault, text)
    assert not update_note(file, root).changed
    assert file.read_text() == text


def test_refuses_when_a_block_errors(make_vault) -> None:
    svg = "<!-- kvist-data: ab -->"
    draw = f"import os, pathlib\npathlib.Path(os.environ['KVIST_FIGURES'], 'f.svg').write_text({svg!r})"
    text = f"```python\nprint(1)\n{draw}\n```\n\n```python\n1 / 0\n```\n"
    file, root = note(make_vault, text)
    update = update_note(file, root)
    assert len(update.errors) == 1 and "Note.md:8: block-error ZeroDivisionError" in update.errors[0]
    assert file.read_text() == text and not (root / "attachments").exists()


def test_refuses_a_note_edited_meanwhile(make_vault) -> None:
    code = "import pathlib\npathlib.Path(__file__).write_text('edited')\nprint(1)"
    file, root = note(make_vault, f"```python\n{code}\n```\n")
    assert update_note(file, root).errors and file.read_text() == "edited"


def test_writes_figures_that_differ(make_vault) -> None:
    svg = "<svg/><!-- kvist-data: ab -->"
    draw = f"import os, pathlib\npathlib.Path(os.environ['KVIST_FIGURES'], 'f.svg').write_text({svg!r})"
    file, root = note(make_vault, f"```python\n{draw}\n```\n")
    assert update_note(file, root, write=False).figures == ["f.svg"] and not (root / "attachments").exists()
    assert update_note(file, root).figures == ["f.svg"]
    assert (root / "attachments" / "f.svg").read_text() == svg
    assert not update_note(file, root).changed


PROSE = st.lists(
    st.sampled_from(
        ["text", "", "- item", "> quote", "  trailing  ", "中文，标点", "`code` %% a %%", "| a |"]
    ),
    max_size=3,
)
CONTAINERS = {
    "": "",
    "> ": "> [!note]\n",
    "  ": "- item\n\n",
    "    ": '=== "Tab"\n\n',
    "> > ": "> > [!tip]\n",
}


@st.composite
def notes(draw: st.DrawFn) -> str:
    """Notes of prose and blocks in containers, with outputs missing, wrong or stale, in any line ends."""
    parts = []
    for number in range(draw(st.integers(1, 4))):
        prefix = draw(st.sampled_from(sorted(CONTAINERS)))
        code = draw(st.sampled_from([f"print({number})", "x = 1", "print('a\\n\\n b')", "print('```')"]))
        rows = ["```python", code, "```"]
        shown = draw(st.sampled_from([None, "old", "0\n0", "a\n\n b"]))
        rows += [] if shown is None else ["```output", *shown.split("\n"), "```"]
        block = CONTAINERS[prefix] + "".join((prefix + row).rstrip() + "\n" for row in rows)
        parts += ["\n".join(draw(PROSE)), block]
    text = "\n\n".join(parts) + "\n\n" + "\n".join(draw(PROSE))
    ends = draw(st.sampled_from(["\n", "\r\n", "mixed"]))
    if ends == "mixed":
        numbers = iter(range(10_000))
        return re.sub("\n", lambda _: "\r\n" if next(numbers) % 3 else "\n", text)
    return text.replace("\n", ends)


def without_outputs(text: str) -> list[str]:
    """The lines, with their ends, that are not in an output fence."""
    inside = {n for f in scan(text).fences if f.is_output for n in range(f.line, f.end_line + 1)}
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text.removeprefix("\ufeff"))
    return [line for number, line in enumerate(lines, 1) if number not in inside]


@given(text=notes(), mark=st.booleans())
def test_no_byte_outside_output_fences_changes(tmp_path_factory, text: str, mark: bool) -> None:
    root = tmp_path_factory.mktemp("vault")
    file = root / "Note.md"
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    file.write_bytes(data)
    update = update_note(file, root)
    assert not update.errors
    after = file.read_bytes()
    assert without_outputs(after.decode()) == without_outputs(data.decode())
    again = update_note(file, root)
    assert not again.changed and not again.errors and file.read_bytes() == after


def test_line_ends_at_the_end_stay_as_they_are(make_vault) -> None:
    for text, after in (
        ("```python\nprint(1)\n```", "```python\nprint(1)\n```\n```output\n1\n```"),
        ("```python\r\nprint(1)\r\n```", "```python\r\nprint(1)\r\n```\r\n```output\r\n1\r\n```"),
        ("```python\nx = 1\n```\n```output\n1\n```", "```python\nx = 1\n```"),
        ("a\r\n\n```python\nprint(1)\n```\n\rb", "a\r\n\n```python\nprint(1)\n```\n```output\n1\n```\n\rb"),
    ):
        file, root = note(make_vault, text)
        assert not update_note(file, root).errors
        assert file.read_bytes().decode() == after


def test_odd_output_is_written_so_that_a_second_update_is_idle(make_vault) -> None:
    code = r"print('1%\r99%\nend\x0b \x1b[1mbold\x1b[0m \ud800 \u2028 x')"
    file, root = note(make_vault, f"```python\n{code}\n```\n")
    assert not update_note(file, root).errors
    assert file.read_text().endswith("```output\n99%\nend\\x0b bold \\ud800 \\u2028 x\n```\n")
    assert not update_note(file, root).changed
