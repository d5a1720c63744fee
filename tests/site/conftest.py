"""Fixtures of the site's tests: a sample project, its site, the repository's own site, a browser."""

import functools
import http.server
import os
import pickle
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from vaultkit.lock import locked
from vaultkit.note import parse_note
from vaultkit.site.build import Report, build
from vaultkit.site.context import Context
from vaultkit.site.paths import Language, Layout
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import Vault

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE = "/some/base/"  # the sites are served below a path, as many hosts do
PATIENCE = 60_000  # milliseconds: a bound for a machine under load, not an expectation


def make_project(folder: Path, vault: str = "sample") -> Layout:
    """A project with the sample vault, or another one of this folder, and this repository's tools."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(HERE / vault / "vault", folder / "vault")
    for name in ("mkdocs.yml", "mkdocs.zh.yml", "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "codebase").mkdir()
    for name in ("codebase/vaultkit", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    return Layout(folder)


@pytest.fixture(scope="session")
def math_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered formulas shared by the sample projects: Node.js takes longer than the rest of staging."""
    return tmp_path_factory.mktemp("math")


@pytest.fixture
def project(tmp_path: Path, math_cache: Path) -> Layout:
    """A sample project of one test's own, not built."""
    layout = make_project(tmp_path / "project")
    layout.math.parent.mkdir(parents=True)
    layout.math.symlink_to(math_cache)
    return layout


class Site(NamedTuple):
    layout: Layout
    report: Report

    def html(self, path: str) -> str:
        return (self.layout.site / path / "index.html").read_text("utf-8")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample project, strictly built, once for all processes of a run; nobody may change it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample-site"
    folder.mkdir(exist_ok=True)
    told = folder / "report"
    with locked(folder):
        if not told.exists():
            told.write_bytes(pickle.dumps(_built(make_project(folder / "project"))))
    return Site(Layout(folder / "project"), pickle.loads(told.read_bytes()))


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A vault with something to hide and a hostile note, built with an address and an `edit_uri`."""
    layout = make_project(tmp_path_factory.mktemp("published") / "project", "published")
    settings = (
        "site_url: https://notes.example/base/\nrepo_url: https://code.example/me/notes\n"
        "edit_uri: edit/main/vault/\nextra: {obsidian_vault: My vault}"
    )
    config = layout.config("en")
    text = re.sub(r"(?m)^site_url:.*$", lambda _: settings, config.read_text("utf-8"))
    config.write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SITE_URL", raising=False)
        report = build(layout, mode="lenient")
        assert report.ok, report.problems
        yield Site(layout, report)


@pytest.fixture(scope="session")
def real() -> Site:
    """The repository's own site, strictly built (which does nothing if it is up to date)."""
    layout = Layout(ROOT)
    return Site(layout, _built(layout))


def _built(layout: Layout) -> Report:
    report = build(layout)
    assert report.ok, "the strict build failed:\n" + "\n".join(report.problems)
    return report


@pytest.fixture(scope="session")
def sample_vault() -> Vault:
    return Vault.load(HERE / "sample" / "vault")


@pytest.fixture
def context_of(sample_vault: Vault) -> Callable[..., Context]:
    """Makes the context of a note with this text, as if it stood in the sample vault."""

    def make(text: str, language: Language = "en", path: str = "concepts/Test.md") -> Context:
        vault = Vault(sample_vault.root, dict(sample_vault.notes), {*sample_vault.files, path})
        note = vault.notes[path] = parse_note(path, text)
        sitemap = SiteMap.of(vault)
        page = sitemap.page_of(path)
        assert page is not None
        return Context(sitemap, language, page, note)

    return make


class _Files(http.server.SimpleHTTPRequestHandler):
    """An ordinary static file server, below BASE."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.replace(BASE, "/", 1)) if path.startswith(BASE) else "/nowhere"

    def log_message(self, *_: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64  # who comes when the queue is full waits a second and tries again


@pytest.fixture(scope="session")
def serve_folder() -> Iterator[Callable[[Path], str]]:
    """Serves a folder; returns its address."""
    servers: dict[Path, http.server.ThreadingHTTPServer] = {}

    def start(folder: Path) -> str:
        if folder not in servers:
            handler = functools.partial(_Files, directory=str(folder))
            servers[folder] = _Server(("127.0.0.1", 0), handler)
            threading.Thread(target=servers[folder].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[folder].server_port}{BASE}"

    yield start
    for server in servers.values():
        server.shutdown()
        server.server_close()


def find_browser() -> str | None:
    """CHROME=, else a Chromium or Chrome on PATH, else the usual places of macOS and Windows."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
    places = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    ]
    found = [os.environ.get("CHROME"), *map(shutil.which, names), *(p for p in places if os.path.exists(p))]
    return next((path for path in found if path), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = find_browser()
    if path is None:
        how = "no Chrome or Chromium. Debian: apt-get install chromium; macOS: brew install --cask chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(how)
        pytest.skip(how)
    sync_api = pytest.importorskip("playwright.sync_api")
    arguments = [
        "--no-sandbox",
        "--headless=new",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    arguments += ["--disable-sync", "--no-first-run"]
    with sync_api.sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=arguments, timeout=2 * PATIENCE)
        yield chrome
        chrome.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages and, at the end, fails on any request to another host, console error or script error."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def allow_own(route: Any) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", None):
            route.continue_()
        else:
            complaints.append(f"request to another host: {route.request.url}")
            route.abort()

    def on_console(message: Any) -> None:
        refused = "Content Security Policy" in message.text and getattr(
            message.page, "expects_refusals", False
        )
        if message.type in ("error", "warning") and not refused:
            complaints.append(f"console: {message.text}")

    def start(url: str, width: int = 1280, dark: bool = False) -> Any:
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        context.route("**/*", allow_own)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        _without_eval(page)
        page.on("console", on_console)
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.goto(url)
        return page

    yield start
    for context in contexts:
        context.unroute_all(behavior="ignoreErrors")  # a page may still be asking for something
        context.close()
    assert not complaints, "\n".join(complaints)


_FUNCTION = re.compile(r"\s*(?:async\s+)?(?:function\b|(?:\([^)]*\)|\w+)\s*=>)")


def _without_eval(page: Any) -> None:
    """An expression that is waited for is evaluated again and again, by `eval`, which the site's policy
    forbids; a function is not.
    """
    wait = page.wait_for_function
    page.wait_for_function = lambda text, **more: wait(
        text if _FUNCTION.match(text) else f"() => {text}", **more
    )


@pytest.fixture
def hold() -> Callable[[Any, str], Callable[[], None]]:
    """Holds back what a page asks for by a pattern; returns what lets it go."""

    def start(page: Any, pattern: str) -> Callable[[], None]:
        held: list[Any] = []
        open_now = False

        def handle(route: Any) -> None:
            if open_now:
                route.fallback()
            else:
                held.append(route)

        def let_go() -> None:
            nonlocal open_now
            open_now = True
            assert held, pattern
            for route in held:
                route.fallback()

        page.route(pattern, handle)
        return let_go

    return start


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that waits for the build of another site than the sample's is not in the quick lane."""
    for item in items:
        if {"real", "published"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
