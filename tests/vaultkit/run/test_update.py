"""Guards `vaultkit update`: it writes what blocks print, in their container, and nothing on an error."""

from pathlib import Path

from vaultkit.run.update import update_note


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
