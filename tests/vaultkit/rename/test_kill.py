"""Guards that a rename is done wholly or not at all when its process is killed at any step."""

import builtins
import io
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from vaultkit import journal
from vaultkit.errors import VaultError
from vaultkit.rename import plan_rename
from vaultkit.vault import Vault

FILES = {
    "c/Old.md": "[[Old.zh]] [[./Near]]", "c/Old.zh.md": "[[Old]]", "c/Near.md": "[[Old]]", 
    "d/S.md": "[[Old]] x", ".obsidian/bookmarks.json": '{"items": [{"path": "c/Old.md"}]}',
}  # fmt: skip
CALLS = ["mkdir", "replace", "rename", "unlink", "rmdir", "fsync", "open", "chmod"]


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def killed_at(step: int, root: Path) -> bool:
    """Rename in a child process that is killed at a step: before and after each call is one."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = step
    plan = plan_rename(Vault.load(root), "Old", "p/New")

    def counted(real):
        def call(*args, **kwargs):
            nonlocal left
            left -= 1
            if left == -1:
                os.kill(os.getpid(), signal.SIGKILL)
            done = real(*args, **kwargs)
            left -= 1
            if left == -1:  # as when a file has been emptied but not written yet
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    io.open = builtins.open = counted(open)
    plan.write()
    os._exit(0)


@pytest.mark.parametrize("stride", [24, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_every_step(make_vault, stride: int) -> None:
    root = make_vault(FILES)
    before = contents(root)
    plan_rename(Vault.load(root), "Old", "p/New").write()
    after = contents(root)
    assert after != before
    seen = []
    for step in range(0, 1000, stride):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "vault"
            shutil.copytree(make_vault(FILES), copy, ignore=shutil.ignore_patterns("p", "New*"))
            killed = killed_at(step, copy)
            Vault.load(copy)  # any command that reads the vault
            state = contents(copy)
            assert state in (before, after), step
            assert not (copy / journal.FOLDER).exists()
            seen.append(state == after)
            if not killed:
                break
    assert len(seen) > 60 / stride and seen == sorted(seen) and not seen[0] and seen[-1]


def test_what_was_changed_after_the_kill_stays(make_vault, monkeypatch) -> None:
    root = make_vault(FILES)
    plan = plan_rename(Vault.load(root), "Old", "p/New")
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_finish", lambda root, steps: [])
        plan.write()
    (root / "d/S.md").write_text("my words [[Old]]")
    vault = Vault.load(root)
    assert [(p.path, p.code) for p in vault.problems] == [("d/S.md", "unreadable")]
    assert (root / "d/S.md").read_text() == "my words [[Old]]" and "p/New.md" in vault.notes


def test_one_rename_at_a_time(make_vault) -> None:
    root = make_vault(FILES)
    plan = plan_rename(Vault.load(root), "Old", "p/New")
    (root / journal.FOLDER).mkdir()
    before = contents(root)
    with journal._lock(root / journal.FOLDER) as held:
        assert held
        with pytest.raises(VaultError, match="busy"):
            plan.write()
        assert Vault.load(root).notes.keys() == {"c/Old.md", "c/Old.zh.md", "c/Near.md", "d/S.md"}
    assert {k: v for k, v in contents(root).items() if journal.FOLDER not in k} == before
    assert plan.write() == []
