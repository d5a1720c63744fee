"""Run the notes that have no true verdict, in processes of their own, while the site is being served.

The runner writes its results file, which the server watches: the pages get their badges with the next build.
What fails is told to the browsers, so that the page itself shows the line.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from vaultkit.files import note_files
from vaultkit.labs.notebook import is_notebook
from vaultkit.pairs import canonical, is_zh
from vaultkit.run.data import files_digest
from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.results import engine_digest, results_key
from vaultkit.site.results import Results
from vaultkit.site.slugs import page_slug
from vaultkit.vault import Vault

BATCH = 64  # notes a process: between two processes the latest edit comes first
Failures = dict[str, list[str]]


def unverified(root: Path) -> list[str]:
    """Paths of notes with Python blocks whose last result is missing, a failure, or out of date."""
    results = Results(root)
    with_code = [
        path for path, note in Vault.load(root).notes.items() if any(f.is_python for f in note.scan.fences)
    ]
    return sorted(path for path in with_code if results.verdict(path) is None)


def url_of(path: str) -> str:
    """Where the site shows a note: `concepts/KV cache.zh.md` -> `zh/concepts/kv-cache/`."""
    slug = page_slug(canonical(path))
    return ("zh/" if is_zh(path) else "") + ("" if slug == "index" else f"{slug}/")


class Verifier:
    """Runs what is unverified, when it starts and whenever it is woken; each failure once for one state.

    `say` gets lines for the terminal, `failed` all present failures by the URL of their page.
    """

    def __init__(self, root: Path, say: Callable[[str], None], failed: Callable[[Failures], None]) -> None:
        self.root, self.say, self.failed = root, say, failed
        self.failures: dict[str, list[str]] = {}  # by note
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
        paths = self._waiting()
        self._forget_gone()
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
        gone = [path for path in self.failures if not (self.root / path).is_file()]
        for path in gone:
            del self.failures[path]
        if gone:
            self._tell()

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
            lines = _lines(f"{self.root.name}/{path}", judged.get(path), err)
            self.failures.pop(path, None)
            if lines:
                self.failures[path] = lines
            state = states.get(path, "")
            if lines or (path in left and self._unsure.get(path) == state):
                self._tried[path] = state
            elif path in left:  # well, but what it has read beside the vault has changed meanwhile
                self._unsure[path] = state
        if any(path in left and path not in self.failures for path in batch) and err.strip():
            self.say(err.strip().splitlines()[-1])  # why nothing could be kept
        self._report(batch)

    def _report(self, batch: list[str]) -> None:
        bad = [line for path in batch for line in self.failures.get(path, [])]
        good = sum(path not in self.failures for path in batch)
        for line in bad:
            self.say(line)
        self.say(f"{good} notes verified" + (f", {len(batch) - good} not" if good < len(batch) else ""))
        self._tell()

    def _tell(self) -> None:
        by_url: Failures = {}
        for path, lines in sorted(self.failures.items()):
            by_url.setdefault(url_of(path), []).extend(lines)
        self.failed(by_url)


def _lines(path: str, row: dict[str, object] | None, err: str) -> list[str]:
    """What to say of one note; [] if it is as it says."""
    if row is None:
        return [f"{path}: was not judged: {err.strip().splitlines()[-1] if err.strip() else 'no message'}"]
    if row["ok"]:
        return []
    failures = row["failures"] if isinstance(row["failures"], list) else []
    return [f"{path}:{item['line']}: {item['kind']} {item['message']}" for item in failures]


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
