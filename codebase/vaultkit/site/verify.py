"""Run the notes that have no true verdict, in processes of their own, while the site is being served.

The runner writes its results file, which the server watches: the pages get their badges with the next build.
What fails, and what is being run, is told to the browsers, so that the block itself shows what is wrong.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from vaultkit.files import note_files
from vaultkit.labs.notebook import is_notebook
from vaultkit.pairs import canonical
from vaultkit.run.data import files_digest
from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.results import engine_digest, results_key
from vaultkit.site.results import Results
from vaultkit.site.wrong import Wrong, urls_of, wrong
from vaultkit.vault import Vault

BATCH = 64  # notes a process: between two processes the latest edit comes first
_MANY = 100  # pages: more are not looked through before the browsers hear that they have changed
Runs = tuple[list[Wrong], list[str]]  # failures, and addresses of the pages that wait for a verdict


def unverified(root: Path) -> list[str]:
    """Paths of notes with Python blocks whose last result is missing, a failure, or out of date."""
    results = Results(root)
    with_code = [
        path for path, note in Vault.load(root).notes.items() if any(f.is_python for f in note.scan.fences)
    ]
    return sorted(path for path in with_code if results.verdict(path) is None)


def without_badge(root: Path, site: Path, written: Collection[str]) -> list[str]:
    """Paths of notes whose pages are among those written to `site`, and show Python but no badge; [] if there
    are too many to look at.
    """
    pages = {file.removesuffix("index.html") for file in written if file.endswith("index.html")}
    if not pages or len(pages) > _MANY:
        return []
    urls = {path: pages.intersection(urls_of(root, path)) for path, _ in note_files(str(root))}
    return [path for path, own in urls.items() if any(_lacks_badge(site / url) for url in own)]


def _lacks_badge(page: Path) -> bool:
    try:
        html = (page / "index.html").read_bytes()
    except OSError:
        return False
    return b"language-python" in html and b"k-pill-verified" not in html


class Verifier:
    """Runs what is unverified, when it starts and whenever it is woken; each failure once for one state.

    `say` gets lines for the terminal, `told` all present failures and the addresses of the pages that wait
    for a verdict: until their badge is there, or it is known that there will be none.
    """

    def __init__(self, root: Path, say: Callable[[str], None], told: Callable[[Runs], None]) -> None:
        self.root, self.say, self.told = root, say, told
        self.failures: dict[str, list[Wrong]] = {}  # by note
        self.running: set[str] = set()  # notes that are run, or are next
        self._expected: set[str] = set()  # just edited: nobody has looked yet whether to run it
        self._good: set[str] = set()  # verified, but their page has no badge yet
        self._tried: dict[str, str] = {}  # the state in which a note failed
        self._unsure: dict[str, str] = {}  # the state in which a good run gave no verdict: one more is due
        self._woken, self._stopped = threading.Event(), False
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._lab = self._ended = False
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def start(self) -> None:
        self.wake()
        self._thread.start()

    def wake(self) -> None:
        """Something changed. A lab that is running gives way; it is run again after the rest."""
        with self._lock:
            self._woken.set()
            if self._child and self._lab and any(not is_notebook(path) for path in self._waiting()):
                self._end(self._child)

    def expect(self, paths: Collection[str]) -> Runs:
        """The pages of these notes have just been made without a badge, and those of all others have theirs.
        What is to be told now, before anybody has looked what is to be run.
        """
        with self._lock:
            self._expected |= set(paths)
            self._good.clear()
        return self.runs()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._woken.set()
            if self._child:
                self._end(self._child)
        if self._thread.is_alive():
            self._thread.join(10)

    def _end(self, child: subprocess.Popen[str]) -> None:
        """Let the run end; it may end as one that was stopped and not as one that a signal killed."""
        self._ended = True
        child.terminate()

    def settle(self) -> None:
        """Run until nothing is left to run: what the thread does each time it is woken."""
        self._woken.clear()
        while (batch := self._batch()) and not self._stopped:
            self._run(batch)

    def _loop(self) -> None:
        while not self._stopped:
            self._woken.wait()
            if not self._stopped:
                self.settle()

    def _waiting(self) -> list[str]:
        """What is unverified and has not failed in this very state, latest edits first, labs last."""
        states, tried = self._states(), self._tried.copy()
        paths = [path for path in unverified(self.root) if tried.get(path) != states.get(path)]
        return sorted(paths, key=lambda path: (is_notebook(path), -_changed(self.root / path), path))

    def _batch(self) -> list[str]:
        with self._lock:
            expected = self._expected.copy()
        paths = self._waiting()
        with self._lock:
            self._expected -= expected
        self._forget_gone()
        self.running = set(paths)
        self._tell()
        if paths and is_notebook(paths[0]):
            return sorted(path for path in paths if canonical(path) == canonical(paths[0]))
        return [path for path in paths if not is_notebook(path)][:BATCH]

    def _states(self) -> dict[str, str]:
        """What the verdict on each note depends on, as far as can be told without running it."""
        known = Fingerprints()
        engine = engine_digest(self.root, known) + files_digest(self.root, known)
        found = {}
        for path, _ in note_files(str(self.root)):
            try:
                found[path] = results_key(self.root, path, engine)
            except OSError:
                continue  # gone since it was listed
        return found

    def _forget_gone(self) -> None:
        for path in [path for path in self.failures if not (self.root / path).is_file()]:
            del self.failures[path]

    def _run(self, batch: list[str]) -> None:
        states = self._states()
        names = f'"{batch[0]}"' if len(batch) == 1 else f"{len(batch)} notes"
        self.say(f"running {names} for {'its badge' if len(batch) == 1 else 'their badges'} ...")
        command = [sys.executable, "-m", "vaultkit.cli", "run", "--json"]
        with self._lock:
            if self._stopped:
                return
            self._lab, self._ended = is_notebook(batch[0]), False
            # by path is quicker, but tells the vault only where Obsidian has left its mark
            marked = (self.root / ".obsidian").is_dir()
            paths = [str(self.root.resolve() / path) if marked else path for path in batch]
            self._child = subprocess.Popen(
                [*command, *paths],
                cwd=self.root.parent,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        out, err = self._child.communicate()
        with self._lock:
            code, self._child = self._child.returncode, None
        if code < 0 or self._ended:
            return  # it gave way, or the server is being stopped
        rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        judged = {str(row["path"]): row for row in rows}
        left = set(unverified(self.root))
        for path in batch:
            found = _wrong(self.root, path, judged.get(path), err)
            self.failures.pop(path, None)
            if found:
                self.failures[path] = found
            elif path not in left:
                self._good.add(path)
            state = states.get(path, "")
            if found or (path in left and self._unsure.get(path) == state):
                self._tried[path] = state
            elif path in left:  # well, but what it has read beside the vault has changed meanwhile
                self._unsure[path] = state
        if any(path in left and path not in self.failures for path in batch) and err.strip():
            self.say(err.strip().splitlines()[-1])  # why nothing could be kept
        self._report(batch)

    def _report(self, batch: list[str]) -> None:
        bad = [item for path in batch for item in self.failures.get(path, [])]
        good = sum(path not in self.failures for path in batch)
        for item in bad:
            for line in (item.text, *(f"    {row}" for row in item.rows if item.kind == "block-error")):
                self.say(line)
        self.say(f"{good} notes verified" + (f", {len(batch) - good} not" if good < len(batch) else ""))
        self.running -= set(batch)
        self._tell()

    def runs(self) -> Runs:
        """How things stand."""
        with self._lock:
            running = self.running | self._expected | self._good
        failures = [item for _, items in sorted(self.failures.copy().items()) for item in items]
        return failures, sorted({url for path in running for url in urls_of(self.root, path)})

    def _tell(self) -> None:
        self.told(self.runs())


def _wrong(root: Path, path: str, row: dict[str, Any] | None, err: str) -> list[Wrong]:
    """What to say of one note; [] if it is as it says."""
    if row is not None:
        return [] if row["ok"] else wrong(root, path, row["failures"])
    why = err.strip().splitlines()[-1] if err.strip() else "no message"
    return wrong(root, path, [{"line": 0, "kind": "was not judged:", "message": why}])


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
