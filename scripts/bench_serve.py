"""Measure `vaultkit serve`: seconds from the save of a note to fresh pages, its own and those that depend on
it.

    .venv/bin/python scripts/bench_serve.py [--notes 1000] [--runs 5] [--root PROJECT] [--only WORDS]

On the project that `bench_site.py` makes, or on a copy of the project `--root`. Each kind of edit (text, a
link, a title, an alias, a note that comes or goes, an embedded text, a tick) is made once to learn which
pages it changes and what they are then. Then the edit and its opposite take turns: the note's own page and
every other one of these are asked for until they are, byte for byte, what they were the first time, but for
what a new page gets with the next whole list of pages or build: links to its Markdown, a social card. Times
are of the wall clock, medians and the slowest: they say something on an idle machine only.
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
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench_vaults import ROOT, make_project
from vaultkit.backlinks import backlinks
from vaultkit.lists.items import is_list
from vaultkit.pairs import translated
from vaultkit.site.pages.graph import SLUGS
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.server import TAGS
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import Vault

PATIENCE = 100.0
_LATE = re.compile(
    rb'<meta property="og:image[^>]*>|<link rel="alternate" type="text/markdown"[^>]*>'
    rb'|<a href="index\.md"[^>]*>[^<]*</a>'
)
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


@dataclass(frozen=True)
class Edit:
    """Texts of notes by path, None for a note that is not there; `page` is the edited note's own."""

    name: str
    before: dict[str, str | None]
    after: dict[str, str | None]
    page: str


def serve_times(layout: Layout, runs: int, say: Callable[[str], None], only: str = "") -> None:
    """Each edit and its opposite in turn, `runs` times; one line for each."""
    root = layout.vault
    pages = len(SiteMap.of(Vault.load(root)).pages) * 2
    say(f"{pages} pages; seconds from save to fresh pages, medians of {runs} (slowest)")
    say(f"  {'':24} {'own page':>16} {'all that show it':>16}  pages")
    with served(layout) as address:
        time.sleep(QUIET)
        for edit in (edit for edit in list(edits(layout)) if only in edit.name):
            changed, base = _apply(layout, edit.after), _apply(layout, edit.before)
            moved = sorted(p for p in base.keys() | changed.keys() if base.get(p) != changed.get(p))
            moved.sort(key=lambda path: path != edit.page + "index.html")
            times: list[tuple[float, float]] = []
            for run in range(runs):
                texts, wanted = (edit.after, changed) if run % 2 == 0 else (edit.before, base)
                before = {path: _stamp(layout.site / path) for path in moved}
                _write(root, texts)
                touched = partial(_touched, layout.site, before)
                times.append(_fresh(address, {path: wanted.get(path) for path in moved}, touched))
                _rest(layout)
            _apply(layout, edit.before)
            parts = (f"{statistics.median(t):8.2f} ({max(t):5.2f})" for t in zip(*times, strict=True))
            say(f"  {edit.name:24} {' '.join(parts)}  {len(moved):5}")


def edits(layout: Layout) -> Iterator[Edit]:
    """One of each kind, on the note that most others link to and on one that it links to."""
    vault = Vault.load(layout.vault)
    sitemap = SiteMap.of(vault)
    counts = {language: backlinks(vault, language) for language in LANGUAGES}
    pairs = [
        key
        for key, page in sitemap.pages.items()
        if len(page.notes) == 2
        and page.section
        and key.endswith(".md")
        and not vault.notes[key].is_stub
        and "kind: reading-list" not in vault.notes[key].text
        and _title(vault, translated(key))
    ]
    note = max(pairs, key=lambda key: (len(counts["en"].get(key, [])), key))
    other = next(key for key in pairs if key != note)
    texts = {path: vault.notes[path].text for path in vault.notes}
    own, chinese, stem = texts[note], texts[translated(note)], vault.notes[note].stem
    page, folder = sitemap.pages[note].url, note.rpartition("/")[0]
    linked = f"\nA sentence that leads to [[{vault.notes[other].stem}]].\n"
    yield _of("text", note, own, own + "\nA sentence of seven plain words.\n", page)
    yield _of("text with a link", note, own, own + linked, page)
    renamed = re.sub(r"(?m)^title:.*", "title: 另一个标题", chinese, count=1)
    yield _of("title, Chinese", translated(note), chinese, renamed, f"zh/{page}")
    headed = re.sub(r"(?m)^# .*", "# Another heading", own, count=1)
    yield _of("heading, English", note, own, headed, page)
    front = re.sub(r"(?m)^aliases: \[", "aliases: [another alias, ", own, count=1)
    if front != own:
        yield _of("alias", note, own, front, page)
    fresh = f"---\ntags: [inference]\nkind: concept\n---\n# Fresh\n\nBuilds on [[{stem}]].\n"
    made = {f"{folder}/A fresh note.md": fresh}
    gone: dict[str, str | None] = {path: None for path in made}
    place = f"{page.rpartition('/')[0].rpartition('/')[0]}/a-fresh-note/"
    yield Edit("note created", gone, dict(made), place)
    yield Edit("note deleted", dict(made), gone, place)
    host = texts[other] + f"\n![[{stem}]]\n"
    both: dict[str, str | None] = {note: own, other: host}
    said = own.rstrip("\n") + "\n\nShown where it is embedded.\n"
    yield Edit("text of an embedded note", both, both | {note: said}, sitemap.pages[other].url)
    lists = [
        key for key in vault.notes if re.search(r"(?m)^- \[ \] ", texts[key]) and is_list(vault.notes[key])
    ]
    for key in lists[:1]:
        ticked = texts[key].replace("- [ ] ", "- [x] ", 1)
        yield _of("tick in a list", key, texts[key], ticked, sitemap.pages[key].url)


def _of(name: str, path: str, before: str, after: str, page: str) -> Edit:
    return Edit(name, {path: before}, {path: after}, page)


def _title(vault: Vault, path: str) -> bool:
    return path in vault.notes and "title" in vault.notes[path].properties


def _write(root: Path, texts: dict[str, str | None]) -> bool:
    """Bring the vault into this state; True if it was in another."""
    wrong = {path: text for path, text in texts.items() if _text(root / path) != text}
    for path, text in wrong.items():
        if text is None:
            (root / path).unlink()
        else:
            (root / path).write_text(text, "utf-8")
    return bool(wrong)


def _text(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None


def _apply(layout: Layout, texts: dict[str, str | None]) -> dict[str, bytes]:
    """Bring the vault into this state, and wait until the server has shown it and is at rest; what it shows
    as soon as it says that it does.
    """
    said = (layout.root / "serve.log").stat().st_size
    if _write(layout.vault, texts):
        wait(lambda: (layout.root / "serve.log").stat().st_size > said)
    shown = _shown(layout)
    _rest(layout)
    return shown


def _rest(layout: Layout) -> None:
    """Wait until the server has said nothing for as long as an author takes to read what was written, and the
    server to bring what is made of all notes together.
    """
    quiet = QUIET + sum(1 for _ in layout.vault.rglob("*.md")) / 500
    while time.time() - (layout.root / "serve.log").stat().st_mtime < quiet:
        time.sleep(0.1)


def _shown(layout: Layout) -> dict[str, bytes]:
    """The site's pages and the names that its search knows; not the graph, which follows later."""
    files = [file for file in layout.site.rglob("*.html") if file.parent.name not in SLUGS]
    files += layout.site.rglob("titles.json")
    return {file.relative_to(layout.site).as_posix(): file.read_bytes() for file in files}


def _fresh(
    address: str, wanted: dict[str, bytes | None], touched: Callable[[str], bool]
) -> tuple[float, float]:
    """Seconds until the first of these pages is served as wanted, and until each has been seen so. A page is
    asked for when its file has been `touched`: who asks all the time takes the builder's time.
    """
    started = time.perf_counter()
    own = next(iter(wanted))
    left = {path: _plain(page) for path, page in wanted.items()}
    seen = 0.0
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as server:
        while left:
            for path in [path for path in left if touched(path)]:
                if _page(server, path) == left[path]:
                    del left[path]
            if not seen and own not in left:
                seen = time.perf_counter() - started
            if time.perf_counter() - started > PATIENCE:
                raise SystemExit("the server did not do what it was waited for")
            time.sleep(0.005)
    return seen, time.perf_counter() - started


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _touched(site: Path, before: dict[str, tuple[int, int] | None], path: str) -> bool:
    return _stamp(site / path) != before[path]


def _page(server: HTTPConnection, path: str) -> bytes | None:
    """A page without what the server puts in and leaves out; None if there is none."""
    server.request("GET", "/" + quote(path.removesuffix("index.html")))
    answer = server.getresponse()
    page = answer.read()
    if answer.status != HTTPStatus.OK:
        return None
    return _plain(page.replace(TAGS.encode(), b"", 1))


def _plain(page: bytes | None) -> bytes | None:
    """Without the address of a social card, which the server leaves out until a whole build has drawn it, and
    the links to the page's Markdown, which a new page gets with the list of all pages.
    """
    return None if page is None else re.sub(rb">\s+<", b"><", _LATE.sub(b"", page))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--root", type=Path, default=None, help="measure a copy of this project")
    parser.add_argument("--only", default="", help="edits with these words in their name")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "project"
        layout = copy_of(given.root, folder) if given.root else make_project(folder, given.notes)
        serve_times(layout, given.runs, print, given.only)


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
