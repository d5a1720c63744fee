"""Guards the lock that processes share: who waits is told for whom, who need not wait is told nothing."""

import os
import sys
from pathlib import Path

import pytest

from vaultkit.lock import held, locked

fcntl = pytest.importorskip("fcntl")


class Releasing:
    """An error stream that gives the lock free as soon as somebody is told to wait."""

    def __init__(self, handle: int) -> None:
        self.handle, self.said = handle, ""

    def write(self, text: str) -> None:
        if not self.said:
            os.close(self.handle)
        self.said += text

    def flush(self) -> None:
        pass


def test_who_waits_is_told_for_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.lock"
    handle = os.open(file, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.write(handle, b"4711\n")
    stderr = Releasing(handle)
    monkeypatch.setattr(sys, "stderr", stderr)
    with held(str(file), "build of this site", moment=0):
        assert file.read_text() == f"{os.getpid()}\n"
    assert stderr.said == "waiting for another build of this site (process 4711) ...\n"


def test_who_need_not_wait_is_told_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with locked(str(tmp_path / "new" / "folder")):
            assert (tmp_path / "new" / "folder" / ".lock").is_file()
    assert capsys.readouterr() == ("", "")
