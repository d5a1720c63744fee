"""What changed lately: properties first, then git, and nothing where neither knows."""

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from vaultkit.site.recent import Recent, recent
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import Vault

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


def write(vault: Path, **notes: str) -> Path:
    for name, text in notes.items():
        file = vault / (name.replace("__", "/").replace("_zh", ".zh") + ".md")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    (vault / ".obsidian").mkdir(exist_ok=True)
    return vault


def commit(folder: Path, day: str) -> None:
    moment = f"{day}T12:00:00+14:00"  # the evening before in UTC
    env = os.environ | {
        "GIT_COMMITTER_DATE": moment,
        "GIT_AUTHOR_DATE": moment,
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True, env=env)


def listed(vault: Path, language: str = "en") -> list[Recent]:
    return recent(SiteMap.of(Vault.load(vault)), language)  # type: ignore[arg-type]


def days(vault: Path, language: str = "en") -> list[tuple[str, str]]:
    return [(item.title, str(item.changed.date())) for item in listed(vault, language)]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_properties_alone_are_enough(tmp_path: Path) -> None:
    vault = write(
        tmp_path / "vault",
        Home="---\ncreated: 2030-01-01\n---\nhi\n",
        a="---\ndate: 2024-03-01\n---\nFirst *words* of [[b|bee]].\n\nMore.\n",
        b="---\ncreated: 2023-01-01\nUpdated: 2024-05-01T10:00:00\ndescription: said\n---\nbody\n",
        c="no date\n",
        d="---\ncreated: 2024-06-01\nstatus: stub\n---\nplanned\n",
        a_zh="---\ntitle: 甲\nlang: zh\n---\n正文\n",
    )
    assert days(vault) == [("b", "2024-05-01"), ("a", "2024-03-01")]
    assert days(vault, "zh") == [("甲", "2024-03-01")]
    b, a = listed(vault)
    assert (a.is_new, a.text) == (True, "First words of bee.")
    assert (b.is_new, b.text, b.created and b.created.date()) == (False, "said", date(2023, 1, 1))


@needs_git
def test_git_says_what_properties_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    vault = write(folder / "vault", a="a " * 40, b="b " * 40, gone="gone " * 40, 笔记="字" * 99)
    commit(folder, "2024-01-02")
    (vault / "a.md").rename(vault / "renamed.md")
    (vault / "gone.md").unlink()
    commit(folder, "2024-02-02")
    write(vault, renamed="a " * 41, gone="another note altogether", b="---\nupdated: 2025-01-01\n---\nb\n")
    commit(folder, "2024-03-02")
    assert days(vault) == [("b", "2025-01-01"), ("gone", "2024-03-01"), ("renamed", "2024-03-01"),
                           ("笔记", "2024-01-01")]  # fmt: skip
    first = {item.title: str(item.created.date()) for item in listed(vault) if item.created}
    assert first == {"b": "2024-01-01", "gone": "2024-03-01", "renamed": "2024-01-01", "笔记": "2024-01-01"}
    write(vault, c="c")
    assert "c" not in dict(days(vault))  # not committed: git knows no date
    commit(folder, "2024-04-02")
    assert dict(days(vault))["c"] == "2024-04-01"  # what was kept of the last commit is not believed


@needs_git
def test_a_clone_cut_short_says_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    vault = write(folder / "vault", a="a", b="---\ncreated: 2024-05-05\n---\n")
    commit(folder, "2024-01-02")
    write(vault, a="b")
    commit(folder, "2024-02-02")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", folder.as_uri(), str(clone)], check=True)
    assert days(clone / "vault") == [("b", "2024-05-05")]
