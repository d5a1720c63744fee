"""The server: files, both 404 pages, live reload, a broken note, a port in use."""

import json
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import cast

import pytest

from vaultkit.cli import main
from vaultkit.site import serve as serving
from vaultkit.site import watch as watching
from vaultkit.site.build import Report
from vaultkit.site.fingerprint import fingerprint
from vaultkit.site.live.builder import Builder
from vaultkit.site.live.session import Update
from vaultkit.site.news import News
from vaultkit.site.paths import Layout
from vaultkit.site.server import EVENTS, Listeners, Server, open_server
from vaultkit.site.watch import watch


@pytest.fixture
def listeners() -> Listeners:
    return Listeners()


@pytest.fixture
def server(tmp_path: Path, listeners: Listeners) -> Iterator[Server]:
    pages = {"index.html": "home", "404.html": "not found", "zh/404.html": "找不到", "a/index.html": "a"}
    files = {path: f"<head></head>{text}" for path, text in pages.items()} | {"x.css": "body{}"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    with open_server(tmp_path, "127.0.0.1", 0, listeners) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield running
        running.shutdown()


def get(server: Server, path: str) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def test_files_have_their_type_and_pages_the_reload_script(server: Server) -> None:
    status, kind, text = get(server, "/a/")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert text.count("/__kvist/reload.js") == 1
    assert get(server, "/a")[2] == text  # redirected
    assert get(server, "/x.css") == (200, "text/css; charset=utf-8", "body{}")
    assert get(server, "/__kvist/reload.js")[0] == 200


@pytest.mark.parametrize(
    ("path", "text"), [("/nope/", "not found"), ("/zh/nope/", "找不到"), ("/../x", "not found")]
)
def test_what_is_not_there(server: Server, path: str, text: str) -> None:
    status, _, body = get(server, path)
    assert status == 404 and text in body


def test_all_files_of_a_page_come_over_one_connection(server: Server) -> None:
    asked = [
        ("HEAD", "/a/", 200),
        ("GET", "/a", 301),
        ("GET", "/a/", 200),
        ("GET", "/no", 404),
        ("GET", "/x.css", 200),
    ]
    with closing(HTTPConnection("127.0.0.1", server.server_port, timeout=60)) as browser:
        browser.connect()
        wire = browser.sock
        for method, path, status in asked:
            browser.request(method, path)
            answer = browser.getresponse()
            assert (answer.status, browser.sock) == (status, wire), path
            text = answer.read().decode()
        assert text == "body{}"
        browser.request("GET", EVENTS)
        assert browser.getresponse().will_close  # nobody knows how long it is


def test_a_card_that_is_not_drawn_is_not_named(server: Server, tmp_path: Path) -> None:
    image = '<meta property="og:image" content="https://example.org/cards/0a.png">'
    (tmp_path / "cards.html").write_text(f'<head>{image}\n<meta property="og:image:alt" content="x"></head>')
    assert "og:image" not in get(server, "/cards.html")[2]
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "0a.png").write_bytes(b"")
    assert image in get(server, "/cards.html")[2]


def test_browsers_are_told(server: Server, listeners: Listeners) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{EVENTS}", timeout=60) as events:
        events.readline()  # how things stand
        events.readline()
        listeners.tell(["a.md:1: broken"], ["a/index.html"])
        want: dict[str, object] = {
            "problems": ["a.md:1: broken"],
            "stopped": False,
            "changed": ["a/index.html"],
            "seen": 1,
        }
        assert json.loads(events.readline().removeprefix(b"data: ")) == want
        events.readline()
        listeners.tell([])
        want = {"problems": [], "stopped": False, "changed": None, "seen": 2}
        assert json.loads(events.readline().removeprefix(b"data: ")) == want


def test_who_comes_late_still_hears_of_problems_and_has_nothing_to_load_again(listeners: Listeners) -> None:
    listeners.tell(["a.md:1: broken"], stopped=True)
    kept = {"problems": ["a.md:1: broken"], "stopped": True, "failures": [], "running": [], "seen": 1}
    assert json.loads(listeners.join().get(timeout=60)) == kept | {"changed": []}
    listeners.run(([], ["a/"]))
    listeners.run(([], ["a/"]))
    assert listeners.state() == kept | {"running": ["a/"], "seen": 2}
    listeners.tell([], runs=([], []))
    assert json.loads(listeners.join().get(timeout=60))["problems"] == []


def test_who_was_away_hears_of_what_has_changed_meanwhile(listeners: Listeners) -> None:
    def missed(since: int | None) -> object:
        return json.loads(listeners.join(since).get(timeout=60))["changed"]

    assert missed(0) == []
    listeners.tell([], ["a/index.html"])
    listeners.tell([], ["b/index.html", "c/index.html"])
    listeners.tell(["a.md:1: broken"], stopped=True)
    assert [missed(since) for since in (None, 0, 1, 2, 3)] == [
        [],
        ["a/index.html", "b/index.html", "c/index.html"],
        ["b/index.html", "c/index.html"],
        [],
        [],
    ]
    assert missed(4) is None  # of another server, which had told more
    listeners.tell([])
    assert missed(3) is None and missed(4) == []


def test_a_change_is_seen_once(project: Layout) -> None:
    stop, seen = threading.Event(), threading.Semaphore(0)
    before = fingerprint(project)
    (project.vault / "Home.md").write_text("changed", "utf-8")
    threading.Thread(target=watch, args=(project, before, seen.release, stop), daemon=True).start()
    assert seen.acquire(timeout=60)
    assert not seen.acquire(timeout=1)
    stop.set()


def test_what_is_written_in_the_vault_is_seen_at_once(
    project: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after the time between two looks, here an hour, where the system tells of writes."""
    monkeypatch.setattr(watching, "INTERVAL", 3600)
    looked, seen, stop = threading.Semaphore(0), threading.Semaphore(0), threading.Event()
    before = fingerprint(project)
    monkeypatch.setattr(watching.Observer, "start", _then(watching.Observer.start, looked.release))
    threading.Thread(target=watch, args=(project, before, seen.release, stop), daemon=True).start()
    assert looked.acquire(timeout=10)
    (project.vault / "concepts" / "Fresh.md").write_text("new", "utf-8")
    assert seen.acquire(timeout=10)
    stop.set()
    (project.vault / "concepts" / "Fresh.md").write_text("so that the watcher wakes and ends", "utf-8")


def _then(first: Callable[..., None], second: Callable[[], None]) -> Callable[..., None]:
    def both(*arguments: object) -> None:
        first(*arguments)
        second()

    return both


def test_a_port_in_use_is_one_clear_line(sample: object, capsys: pytest.CaptureFixture[str]) -> None:
    layout: Layout = sample.layout  # type: ignore[attr-defined]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--root", str(layout.root), "--port", str(port)]) == 1
    assert capsys.readouterr().out == (
        f"[serve] need a free port, got {port} in use. hint: vaultkit serve --port {port + 1}\n"
    )


@pytest.mark.slow
def test_a_signal_during_the_first_build_ends_it_in_order(project: Layout) -> None:
    command = [sys.executable, "-m", "vaultkit.cli", "serve", "--root", str(project.root), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.terminate()
        rest = process.stdout.read()
    assert first.startswith("building what changed") and rest == "stopped\n"
    assert process.returncode == 0


def line(number: int, note: str = "a", words: str = "leads nowhere") -> str:
    return f"vault/{note}.md:{number}: unresolved-link [[x]] {words} (hint: write it)"


def test_after_a_save_only_news_are_said_and_the_rest_is_counted() -> None:
    said: list[str] = []
    news = News(said.append)

    def after(problems: list[str], *, stopped: bool = False) -> list[str]:
        said.clear()
        serving._tell_update(Update(problems=problems, faults=problems, stopped=stopped), said.append, news)
        return said.copy()

    many = [line(n, "m", f"no {n}") for n in range(5)]
    first = [line(3), line(9), *many]
    end = "0 page(s) fresh in 0.00 s, with {} fault(s) that `vaultkit build` would refuse, see above"
    assert after(first) == [*first, end.format(7)]
    moved = [line(4), line(10), *many, line(2, "b")]
    assert after(moved) == [line(2, "b"), f"{end.format(8)}; 7 problem(s) as before"]
    mended = "vault/a.md:10: unresolved-link [[x]] leads nowhere"
    rest = [line(4), *many, line(2, "b")]
    assert after(rest) == [f"mended: {mended}", f"{end.format(7)}; 7 problem(s) as before"]
    broken = ["vault/c.md: not UTF-8"]
    stop = "not built: 1 problem(s), see above"
    assert after(broken, stopped=True) == [*broken, stop]
    assert after(broken, stopped=True) == [f"{stop}, 1 of them as before"]
    said_last = after([])
    assert said_last[0].startswith("mended: vault/") and said_last[0].endswith("; and 5 more")
    assert said_last[1:] == ["0 page(s) fresh in 0.00 s"]


class Stub:
    """A builder that finds a problem."""

    def __init__(self, layout: Layout, *, ok: bool) -> None:
        self.layout, self.ok = layout, ok

    def build(self) -> Report:
        line = "vault/a.md:3: unresolved-link [[x]]"
        return Report(self.ok, self.ok, problems=[line], faults=[line])


def test_a_fault_is_said_and_what_cannot_be_built_leaves_the_site(
    project: Layout, listeners: Listeners
) -> None:
    said: list[str] = []
    builder = cast("Builder", Stub(project, ok=True))
    assert serving._first_build(builder, listeners, said.append)
    assert said[0] == "vault/a.md:3: unresolved-link [[x]]"
    assert said[1].endswith("with 1 fault(s) that `vaultkit build` would refuse, see above")
    assert json.loads(listeners.join().get(timeout=60))["problems"] == said[:1]
    builder = cast("Builder", Stub(project, ok=False))
    assert not serving._first_build(builder, listeners, said.append)
    project.site.mkdir()
    (project.site / "index.html").write_text("good")
    assert serving._first_build(builder, listeners, said.append)
    assert said[-1] == "serving the last good site until this is mended"
    assert json.loads(listeners.join().get(timeout=60))["stopped"]
