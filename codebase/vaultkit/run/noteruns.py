"""The notes of one pytest process: their sessions, their verdicts, and what is remembered of them.

What pytest was asked to run is run. A note that passed as a whole, in one piece, leaves its verdict in the
cache and its badge, so that `vaultkit run` and the site profit; nothing else does. Nothing is reused here.
"""

import os
from pathlib import Path
from typing import Any

from vaultkit.run.cache import RunCache
from vaultkit.run.entry import entry_of
from vaultkit.run.loaded import loaded_files
from vaultkit.run.observe import Observer, watched_folders
from vaultkit.run.results import engine_digest, record
from vaultkit.run.session import Session
from vaultkit.run.used import Used
from vaultkit.run.verdict import Verdict, judge


class NoteRuns:
    """`observing` while nothing but notes is run here: only then is it known what a note uses."""

    def __init__(self) -> None:
        self.observing = False
        self.sessions: dict[Path, Session] = {}
        self.verdicts: dict[Path, dict[int, Verdict]] = {}
        self.wanted: dict[Path, set[int]] = {}
        self.vaults: dict[Path, _Vault] = {}
        self.current: Path | None = None
        self.observer: Observer | None = None

    def session(self, file: Path) -> Session:
        if file not in self.sessions:
            self.sessions[file] = Session(file)
        return self.sessions[file]

    def judge(self, file: Path, number: int, last: int) -> tuple[Session, Verdict]:
        """The verdict on a block; what is missing up to block `last` is run in one go."""
        session = self.session(file)
        if self.observing and self.current != file:
            self._begin(file, session)
        session.run_to(max(number, last))
        verdict = judge(session, session.block(number))
        if session.observer and number in session.executed:
            names = session.executed[number].figures
            session.observer.on_files([str(session.attachments / name) for name in names])
        self.verdicts.setdefault(file, {})[number] = verdict
        return session, verdict

    def _begin(self, file: Path, session: Session) -> None:
        """Watch a note from its first block on; the note before is over, or is not watched to its end."""
        if self.current in self.sessions:
            self.sessions[self.current].observer = None
        self.current = file
        if session.executed:
            session.observer = None
            return
        vault = self._vault(session.vault)
        if self.observer is None:
            self.observer = Observer(vault.cache.fingerprints, watched_folders(str(session.vault)))
        if self.observer.fingerprints is vault.cache.fingerprints:
            self.observer.begin()
            self.observer.on_files([os.path.join(vault.cache.root, ".obsidian", "app.json")])
            session.observer = self.observer

    def _vault(self, root: Path) -> "_Vault":
        if root not in self.vaults:
            self.vaults[root] = _Vault(root)
        return self.vaults[root]

    def over(self, file: Path) -> None:
        """No more blocks of the note follow: keep the result and free the namespace."""
        session = self.sessions.pop(file, None)
        if session is None:
            return
        verdicts = self.verdicts.pop(file, {})
        if session.program.blocks and len(verdicts) == len(session.program.blocks):
            vault = self._vault(session.vault)
            used = session.observer.used() if session.observer else None
            entry = entry_of(session, list(verdicts.values()), vault.engine, used)
            if entry:
                vault.keep(session, entry, used, all(v.status != "failed" for v in verdicts.values()))
        session.close()

    def finish(self) -> None:
        for file in list(self.sessions):
            self.over(file)
        for root, vault in self.vaults.items():
            record(root, vault.entries)
            if self.observer and vault.cache.fresh:
                shared = self.observer.library.things
                vault.cache.save(self.observer.values, self.observer.host_path, loaded_files(), shared)


class _Vault:
    """What is to be remembered of one vault."""

    def __init__(self, root: Path) -> None:
        self.cache = RunCache(root, dict(os.environ))
        self.engine = engine_digest(root, self.cache.fingerprints)
        self.entries: dict[str, dict[str, Any]] = {}

    def keep(self, session: Session, entry: dict[str, Any], used: Used | None, passed: bool) -> None:
        self.entries[session.path] = entry
        if passed and used:
            result = {name: value for name, value in entry.items() if name != "key"}
            self.cache.put(session.path, session.reading.key, used, result)
