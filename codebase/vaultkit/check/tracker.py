"""Sessions, trackers and claims of mastery: what `vaultkit progress` builds on."""

from collections.abc import Iterator

from vaultkit.errors import Problem, VaultError
from vaultkit.lists.mastery import check_mastery
from vaultkit.lists.sessions import read_sessions
from vaultkit.lists.tracker import trackers, written
from vaultkit.vault import Vault


def check_tracker(vault: Vault) -> Iterator[Problem]:
    yield from read_sessions(vault)[1]
    yield from check_mastery(vault)
    for tracker in trackers(vault):
        try:
            files = written(vault, tracker)
        except VaultError as error:
            yield from error.problems
            continue
        for file, data in files.items():
            if not file.is_file() or file.read_bytes() != data:
                message = f"{file.relative_to(vault.root).as_posix()} is not up to date"
                yield Problem(tracker.path, 0, "tracker", message, "run vaultkit progress", "warning")
                break
