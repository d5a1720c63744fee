"""Guards the quick way of fingerprints: a signature counts only for a file that was at rest when hashed."""

import os
from pathlib import Path

from vaultkit.run.fingerprints import ABSENT, FOLDER, REST_NS, Fingerprints, signature_of

SECOND = 1_000_000_000


def test_a_file_hashed_while_young_is_hashed_again(tmp_path: Path) -> None:
    """Two writes within one tick leave the same signature, so the hash may be of the first."""
    file = tmp_path / "f"
    file.write_text("now")
    status = os.stat(file)
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    for hashed_at, trusted in ((changed + SECOND, False), (changed + REST_NS + SECOND, True)):
        known = {str(file): [signature_of(status), "earlier", hashed_at]}
        assert (Fingerprints(known).file(str(file)) == "earlier") is trusted


def test_times_set_back_do_not_hide_a_change(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("one")
    status = os.stat(file)
    known = {str(file): [signature_of(status), "earlier", status.st_ctime_ns + 10 * SECOND]}
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Fingerprints(known).file(str(file)) != "earlier"


def test_settled_means_that_nobody_wrote_since(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("one")
    fingerprints = Fingerprints()
    value = fingerprints.file(str(file))
    assert fingerprints.settled(str(file), value)
    file.write_text("two")
    file.write_text("one")
    os.utime(file, ns=(1, 1))
    assert not fingerprints.settled(str(file), value)


def test_what_is_no_file(tmp_path: Path) -> None:
    fingerprints = Fingerprints()
    assert fingerprints.file(str(tmp_path)) == FOLDER
    assert fingerprints.file(str(tmp_path / "no")) == ABSENT
    before = fingerprints.folder(str(tmp_path))
    (tmp_path / "new").touch()
    assert fingerprints.folder(str(tmp_path)) == before
    assert fingerprints.folder(str(tmp_path), fresh=True) != before


def test_a_file_that_is_read_is_looked_at(tmp_path: Path) -> None:
    """What is read counts from then on, with the hash of just those bytes."""
    file = tmp_path / "f"
    file.write_text("one")
    fingerprints = Fingerprints()
    before = fingerprints.file(str(file))
    file.write_text("two!")
    assert fingerprints.file(str(file)) == before
    assert fingerprints.read(str(file)) == b"two!"
    now = fingerprints.file(str(file))
    assert now != before and now == Fingerprints().file(str(file))
    assert fingerprints.settled(str(file), now) and not fingerprints.settled(str(file), before)
