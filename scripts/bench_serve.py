"""Measure `vaultkit serve`: seconds from the save of a note to fresh pages, its own and those that depend on
it.

    .venv/bin/python scripts/bench_serve.py [--notes 1000] [--runs 5] [--root PROJECT]

On the project that `bench_site.py` makes, or on a copy of the project `--root`. Each run saves an English
note with a new sentence around a link, and asks until the note's own page shows it and until the page of
the linked note shows it among its backlinks; then it saves the Chinese note with a new title, and asks for
its own page and for the Chinese page of a note that links to it. Times are of the wall clock, medians and
the slowest: they say something on an idle machine only.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_vaults import ROOT, make_project
from vaultkit.pairs import canonical, translated
from vaultkit.resolve import resolve
from vaultkit.site.paths import Layout
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import Vault

PATIENCE = 100.0
QUIET = 3.0  # seconds between edits: an author reads what was written


@contextmanager
def served(layout: Layout) -> Iterator[str]:
    """The address of a running server of the project, whose first build is done."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vaultkit.cli", "serve", "--root", str(layout.root), "--port", str(port)]
    env = os.environ | {"PYTHONPATH": str(ROOT / "codebase")}
    with (layout.root / "serve.log").open("w") as log:
        running = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/"
    try:
        wait(lambda: "serving " in (layout.root / "serve.log").read_text("utf-8"), running)
        yield address
    except SystemExit:
        print((layout.root / "serve.log").read_text("utf-8")[-2000:], file=sys.stderr)
        raise
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(30)


def wait(ready: Callable[[], bool], running: subprocess.Popen[bytes] | None = None) -> float:
    """Seconds until `ready`."""
    started = time.perf_counter()
    while not ready():
        if time.perf_counter() - started > PATIENCE or (running and running.poll() is not None):
            raise SystemExit("the server did not do what it was waited for")
        time.sleep(0.01)
    return time.perf_counter() - started


def shows(address: str, text: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return text in answer.read().decode()
    except urllib.error.HTTPError:
        return False


def serve_times(layout: Layout, runs: int, say: Callable[[str], None]) -> None:
    """Edit and ask, `runs` times; one line for each kind of page."""
    vault = Vault.load(layout.vault)
    sitemap = SiteMap.of(vault)
    chosen = list(_pairs(vault, sitemap))
    chosen = chosen[:: max(1, len(chosen) // 40)]
    times: dict[str, list[float]] = {}
    with served(layout) as root:
        time.sleep(QUIET)
        for run in range(runs):
            source, target, line, column = chosen[run % len(chosen)]
            own, other = sitemap.pages[source].url, sitemap.pages[target].url
            mark = f"freshword{run}{os.getpid()}"
            file = vault.on_disk(source)
            rows = file.read_text("utf-8").split("\n")
            rows[line - 1] = f"{rows[line - 1][:column]}{mark} {rows[line - 1][column:]}"
            file.write_text("\n".join(rows), "utf-8")
            _time(times, {"its own page": root + own, "a page it links to": root + other}, mark)
            file = vault.on_disk(translated(source))
            text = re.sub(r"(?m)^title:.*", f"title: 标题 {mark}", file.read_text("utf-8"), count=1)
            file.write_text(text, "utf-8")
            pages = {
                "its page, Chinese title": f"{root}zh/{own}",
                "a page that names it": f"{root}zh/{other}",
            }
            _time(times, pages, f"标题 {mark}")
    say(f"{len(sitemap.pages) * 2} pages; seconds from save to fresh page, medians of {runs} (slowest)")
    for name, seconds in times.items():
        say(f"  {name:26} {statistics.median(seconds):6.2f} s  ({max(seconds):.2f} s)")


def _pairs(vault: Vault, sitemap: SiteMap) -> Iterator[tuple[str, str, int, int]]:
    """Notes with a translation that has a title, and a note that they link in their text, and where."""
    for key, page in sitemap.pages.items():
        if vault.notes[key].is_stub:
            continue  # of a planned note, backlinks give no sentence
        if len(page.notes) < 2 or not page.section or "title" not in vault.notes[translated(key)].properties:
            continue
        for link in vault.notes[key].links:
            path = resolve(vault, link.target, key).path
            plain = link.kind == "link" and link.raw.startswith(f"[[{link.target}") and "/" not in link.target
            if (
                plain
                and path in sitemap.pages
                and canonical(path) != key
                and path.endswith(link.target + ".md")
            ):
                yield key, path, link.line, link.column
                break


def _time(times: dict[str, list[float]], pages: dict[str, str], mark: str) -> None:
    """Wait for the mark on each page, then for quiet."""
    started = time.perf_counter()
    waiting = dict(pages)

    def ready() -> bool:
        for name, address in list(waiting.items()):
            if shows(address, mark):
                times.setdefault(name, []).append(time.perf_counter() - started)
                del waiting[name]
        return not waiting

    wait(ready)
    time.sleep(QUIET)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--root", type=Path, default=None, help="measure a copy of this project")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "project"
        layout = copy_of(given.root, folder) if given.root else make_project(folder, given.notes)
        serve_times(layout, given.runs, print)


def copy_of(root: Path, folder: Path) -> Layout:
    """A copy of a project's vault, with the project's own tools and engine."""
    root = root.resolve()
    shutil.copytree(root / "vault", folder / "vault")
    for name in ("mkdocs.yml", "mkdocs.zh.yml", "pyproject.toml", "constraints.txt", "STYLE.md"):
        shutil.copyfile(root / name, folder / name)
    for name in ("codebase", "node_modules", "kernels"):
        (folder / name).symlink_to(root / name)
    return Layout(folder)


if __name__ == "__main__":
    main()
