"""Guards `links --json` on small vaults, one or more for each row of Obsidian's rules L1-L12 and R1-R12.

Rows marked (B) are implemented from descriptions of the shipped code; nobody has observed them.
"""

import json
import os
import re
from pathlib import Path

import pytest

from vaultkit.cli import main

CASES = "vault_links.md"
KEYS = ["source", "line", "kind", "text", "linkpath", "target", "subpath", "subpath_ok", "ambiguous"]


def files_of(text: str) -> dict[str, str]:
    parts = re.split(r"^== (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def shown(row: dict) -> str:
    text = " ".join(row["text"].split("\n"))
    subpath = (
        f" #{row['subpath']} {'ok' if row['subpath_ok'] else 'no'}" if row["subpath_ok"] is not None else ""
    )
    tie = " ambiguous" if row["ambiguous"] else ""
    return f"{row['line']} {row['kind']} {text} -> {row['target'] or '-'}{subpath}{tie}"


def test_links(make_vault, capsys, case: tuple[str, str, str]) -> None:
    _, source, expected = case
    root = make_vault(files_of(source))
    assert main(["links", str(root), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [shown(row) for row in rows] == expected.splitlines()
    assert all(list(row) == KEYS for row in rows)
    for row in rows:
        lines = (root / row["source"]).read_text().split("\n")
        assert row["text"] in "\n".join(lines[row["line"] - 1 :])


def test_every_rule_has_a_vault() -> None:
    titles = re.findall(
        r"^((?:[LR]\d+ ?)+)", (Path(__file__).parent / "fixtures" / CASES).read_text(), re.MULTILINE
    )
    rules = {rule for title in titles for rule in title.split()}
    assert rules == {f"L{n}" for n in range(1, 13)} | {f"R{n}" for n in range(1, 13)}


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(make_vault, capsys) -> None:
    root = make_vault({"A.md": "[[B]] [[Folder]] [[x]]", "Folder.md/x.md": "[[A]]", "N.md": "[[A]]\0[[B]]"})
    (root / "B.md").write_bytes(b'\xef\xbb\xbf---\nup: "[[A]]"\n---\r\n\xff\xfe [[A]]\r[[B]]')
    (root / "loop").symlink_to(root)
    (root / "out.md").symlink_to("/etc/hosts")
    (root / "in.md").symlink_to(root / "A.md")
    os.mkfifo(root / "pipe.md")
    (root / b"bad\xff.md".decode("utf-8", "surrogateescape")).write_text("[[A]]")
    assert main(["links", str(root), "--json"]) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [(row["source"], row["line"], row["target"]) for row in rows] == [
        ("A.md", 1, "B.md"), ("A.md", 1, None), ("A.md", 1, "Folder.md/x.md"),
        ("B.md", 2, "A.md"), ("B.md", 4, "A.md"), ("B.md", 5, "B.md"),
        ("Folder.md/x.md", 1, "A.md"), ("N.md", 1, "A.md"), ("N.md", 1, "B.md"),
        ("bad?.md", 1, "A.md"),
        ("in.md", 1, "B.md"), ("in.md", 1, None), ("in.md", 1, "Folder.md/x.md"),
    ]  # fmt: skip
    assert [line.split(" ")[0] for line in captured.err.splitlines()] == ["Folder.md:", "B.md:4:", "N.md:1:"]


@pytest.mark.parametrize("inside", [True, False])
def test_a_folder_without_settings_is_a_vault_and_a_folder_in_a_vault_a_part(
    tmp_path, capsys, inside
) -> None:
    part = tmp_path / "part"
    part.mkdir()
    (tmp_path / "Up.md").write_text("[[P]]")
    (part / "P.md").write_text("[[Up]]")
    if inside:
        (tmp_path / ".obsidian").mkdir()
    main(["links", str(part), "--json"])
    (row,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    expected = ("part/P.md", "Up.md") if inside else ("P.md", None)
    assert (row["source"], row["target"]) == expected
