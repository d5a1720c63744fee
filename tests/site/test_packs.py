"""Small texts in few files, and files that two trees share."""

import os
from pathlib import Path

import pytest

from vaultkit.site import packs, publish
from vaultkit.site.packs import Packs
from vaultkit.site.publish import publish_files, put_file, write_anew


def test_texts_are_kept_and_seen_by_others(tmp_path: Path) -> None:
    ours, theirs = Packs(tmp_path / "new"), Packs(tmp_path / "new")
    assert theirs.get("a") is None
    ours.add({"a": "α", "b": "二"})
    assert theirs.get("a") == "α" and dict(theirs.known()) == {"a": "α", "b": "二"}
    theirs.add({"c": "3"})
    assert ours.get("c") == "3"


def test_a_broken_file_counts_as_absent(tmp_path: Path) -> None:
    Packs(tmp_path).add({"a": "1"})
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-2])
    (tmp_path / "x.json").write_text("[1]")
    again = Packs(tmp_path)
    assert again.get("a") is None
    again.add({"a": "1"})
    assert Packs(tmp_path).get("a") == "1"


def test_many_files_are_joined_and_nobody_loses_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "MOST", 3)
    ours, theirs = Packs(tmp_path), Packs(tmp_path)
    for number in range(10):
        ours.add({f"o{number}": "x"})
        theirs.add({f"t{number}": "y"})
    assert len(list(tmp_path.iterdir())) <= 4 + 4
    every = {f"{name}{number}" for name in "ot" for number in range(10)}
    assert set(ours.known()) == set(theirs.known()) == set(Packs(tmp_path).known()) == every


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_is_built_anew_does_not_change_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refuse(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(publish.os, "link", refuse)
    built, site = tmp_path / "built", tmp_path / "site"
    write_anew(built / "a" / "index.html", b"1")
    assert publish_files(built, site, ["a/index.html"]) == ["a/index.html"]
    page = site / "a" / "index.html"
    assert os.path.samefile(built / "a" / "index.html", page) == links
    write_anew(built / "a" / "index.html", b"2")
    assert page.read_bytes() == b"1"
    assert publish_files(built, site, ["a/index.html"]) == ["a/index.html"]
    assert page.read_bytes() == b"2" and publish_files(built, site, ["a/index.html"]) == []
    put_file(built / "a" / "index.html", page)
    assert [file.name for file in page.parent.iterdir()] == ["index.html"]
