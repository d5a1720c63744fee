"""Twenty drifts planted in output fences, each in a container of its own: all are seen, all at their line."""

import json
from pathlib import Path

from vaultkit.cli import main

# What precedes each line of a block, and the lines that open its container.
CONTAINERS = [
    ("", ""),
    ("> ", "> [!note]\n"),
    (">", ">[!tip]- Folded\n"),
    ("> > ", "> [!note]\n> > [!tip]\n"),
    ("  ", "- item\n\n"),
    ("   ", "1. item\n\n"),
    ("    ", "10. item\n\n"),
    ("    ", "- a\n  - b\n\n"),
    ("\t", "- item\n\n"),
    (">   ", "> [!note]\n> - item\n>\n"),
    ("    ", '=== "Tab"\n\n'),
    ("    ", '!!! note "Title"\n\n'),
    ("    ", "???+ note\n\n"),
    ("    ", "x[^1]\n\n[^1]: Footnote\n\n"),
    ("    ", "Term\n:   Definition\n\n"),
    ("", "<details>\n<summary>S</summary>\n\n"),
    ("", "<div markdown>\n\n"),
    (" ", ""),
    ("      ", "- item\n\n"),
    ("", "# Heading\n"),
]
# Code, a piece of what it prints, and what the note shows in its place.
DRIFTS = [
    ("print('a', 12345)", "12345", "12346"),
    ("print((2, 3, 4))", "(2, 3, 4)", "(2, 3, 5)"),
    ("print('loss', 0.6931472)", "0.6931472", "0.6932472"),
    ("print('the cache grows')", "cache", "cash"),
    ("print(1.5e-07)", "e-07", "e-08"),
    ("print('x'); print('y'); print(7)", "7", "8"),
    ("print(float('nan'))", "nan", "0.0"),
    ("print(float('inf'))", "inf", "-inf"),
    ("print([1, 2, 3])", "2, 3", "3, 2"),
    ("print({'k': True})", "True", "False"),
    ("print('中文 42')", "42", "43"),
    ("print(-3.25)", "-3.25", "3.25"),
    ("print('100%')", "100", "101"),
    ("print('a', 1); print('b', 2); print('c', 3)", "b 2", "b 1"),
    ("print('int32')", "int32", "int64"),
    ("print('row 1  2.50')", "2.50", "2.51"),
    ("print('1,000')", "1,000", "1,001"),
    ("print('v1.2.3')", "1.2.3", "1.2.4"),
    ("print('```')", "```", "``"),
    ("print('...')", "...", ".."),
]


def note() -> str:
    parts = []
    for (prefix, opening), (code, _, _) in zip(CONTAINERS, DRIFTS, strict=True):
        rows = "".join(f"{prefix}{row}\n" for row in ("```python", code, "```"))
        parts.append(f"{opening}{rows}\nprose\n\n")
    return "".join(parts)


def planted(text: str) -> tuple[str, list[int]]:
    """The note with one drift in each output fence, and their lines."""
    lines, at = text.splitlines(), []
    number = 0
    for _, was, drifted in DRIFTS:
        number = next(n for n in range(number, len(lines)) if "output" in lines[n]) + 1
        number = next(n for n in range(number, len(lines)) if was in lines[n])
        lines[number] = lines[number].replace(was, drifted)
        at.append(number + 1)
    return "\n".join(lines) + "\n", at


def test_twenty_of_twenty(make_vault, capsys) -> None:
    assert len(CONTAINERS) == len(DRIFTS) == 20
    root = make_vault({"Note.md": note()})
    file: Path = root / "Note.md"
    assert main(["update", str(root)]) == 0
    good = file.read_text("utf-8")
    assert good.count("output\n") == 20
    capsys.readouterr()
    assert main(["run", str(root), "--json"]) == 0
    capsys.readouterr()

    bad, at = planted(good)
    file.write_text(bad, "utf-8")
    assert main(["run", str(root), "--json"]) == 1
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(f["line"], f["kind"]) for f in row["failures"]] == [(line, "output-differs") for line in at]
    assert main(["run", str(root)]) == 1
    out = capsys.readouterr().out
    assert all(f"Note.md:{line}: output-differs" in out for line in at)

    assert main(["update", str(root)]) == 0
    assert file.read_text("utf-8") == good and "1 changed" in capsys.readouterr().out
    before = file.stat().st_mtime_ns
    assert main(["update", str(root)]) == 0
    assert "0 changed" in capsys.readouterr().out and file.stat().st_mtime_ns == before
