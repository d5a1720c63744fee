"""Guards that every key a command prints as JSON is named in its --help and in CONTRIBUTING.md."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from vaultkit.cli import main

ROOT = Path(__file__).parents[2]
FILES = {
    "A.md": "[[B#x]] [[C]]\n\n```python\nassert 1 == 2\n```\n\n<!-- run: skip 'why' -->\n```python\n1\n```\n",
    "B.md": "---\na: [\n---\n```pycon\n>>> 1\n```\n",
}


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield key
            yield from keys(below)
    elif isinstance(value, list):
        for below in value:
            yield from keys(below)


@pytest.mark.parametrize("command", ["links", "structure", "check", "census", "run", "export"])
def test_every_key_is_documented(make_vault, capsys, monkeypatch, command: str) -> None:
    root = make_vault(FILES)
    monkeypatch.chdir(root.parent)
    out = [str(root.parent / "out")] if command == "export" else []
    assert main([command, str(root), *out, "--json"]) in (0, 1)
    printed = capsys.readouterr().out
    rows = [json.loads(printed)] if command == "check" else [json.loads(row) for row in printed.splitlines()]
    found = {key for row in rows for key in keys(row)}
    assert len(found) > 2
    with pytest.raises(SystemExit):
        main([command, "--help"])
    helped = set(re.findall(r"\w+", capsys.readouterr().out))
    if command == "export":  # it refers to `check`
        found -= {"path", "line", "code", "message", "hint", "severity"}
    assert found <= helped
    row = next(
        line
        for line in (ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()
        if f"| `{command} DIR" in line
    )
    assert found <= set(re.findall(r"\w+", row))
