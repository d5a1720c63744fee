"""What a reader on a phone waits for, per kind of page and language, on a network and a processor made slow.

    vaultkit build && .venv/bin/python scripts/bench_pages.py [--runs 3] [--only home,concept] [--site site]

Serves the built site from this machine, compressed as hosts do it, and opens each page in a fresh browser
profile of a phone's size (412 by 823), with the settings that Lighthouse takes for mobile: 1.6 Mbit/s down,
0.75 up, 150 ms for each request, processor 4 times slower. Of each page: bytes over the wire and requests
until nothing moves any more, first and largest contentful paint, layout shift, total blocking time (what
tasks take beyond 50 ms), elements, and then, unthrottled, the findings of axe-core. Medians of `--runs`.
Exits with 1 where a page is over a budget: paint 2.5 s, shift 0.1, blocking 200 ms; a request to another
host, a console error, a finding.

Measured on two cores with five times their load (times are upper bounds): the longest note, of 3,778 elements
and 52 formulas, 121 kB in 20 requests, largest paint 1.8 s in English and 2.4 s in Chinese, 136 and 194 ms
blocked (medians of 5). The other pages (one visit each): 52 to 87 kB, 11 to 16 requests, largest paint 1.0 to
1.9 s, at most 193 ms blocked, shift at most 0.024. No request to another host, no console error.
"""

import argparse
import functools
import gzip
import http.server
import json
import os
import shutil
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {
    "home": "",
    "concept": "concepts/multi-head-latent-attention/",
    "list": "reading-lists/papers/",
    "tracker": "progress-tracker/",
    "lab": "labs/train-the-tiny-model/",
    "api": "api/cache/",
    "graph": "graph/",
    "base": "notes-by-area/",
}
BUDGETS = {"lcp ms": 2500, "cls": 0.1, "tbt ms": 200, "foreign": 0, "errors": 0, "axe": 0}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".md")
WATCH = """
window.bench = {lcp: 0, cls: 0, tasks: []};
const watch = (type, see) => new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({type, buffered: true});
watch("largest-contentful-paint", (entry) => { bench.lcp = entry.startTime; });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) bench.cls += entry.value; });
watch("longtask", (entry) => bench.tasks.push([entry.startTime, entry.duration]));
"""  # noqa: E501
READ = """() => {
  const fcp = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
  const late = bench.tasks.filter(([start, took]) => start + took > fcp);
  const blocking = late.reduce((sum, [, took]) => sum + took - 50, 0);
  return {"fcp ms": fcp, "lcp ms": bench.lcp, "cls": bench.cls, "tbt ms": blocking, "elements": document.querySelectorAll("*").length};
}"""  # noqa: E501


class Files(http.server.SimpleHTTPRequestHandler):
    """A static file server that keeps connections open and compresses text."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in COMPRESSED:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(site: Path) -> Iterator[str]:
    handler = functools.partial(Files, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


class Wire:
    """Counts what a page asks for, and what it says on the console."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self.bytes, self.requests, self.foreign, self.errors = 0.0, 0, 0, 0
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._done)
        page.on("console", self._said)
        page.on("pageerror", lambda _: self._fault())

    def _sent(self, event: dict[str, Any]) -> None:
        address = urlsplit(event["request"]["url"])
        self.requests += address.scheme in ("http", "https")
        self.foreign += address.hostname not in ("127.0.0.1", None)

    def _done(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self._fault()

    def _fault(self) -> None:
        self.errors += 1


def measure(browser: Any, url: str) -> dict[str, float]:
    """One visit with an empty cache."""
    context = browser.new_context(viewport={"width": 412, "height": 823}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    wire = Wire(page, session)
    page.goto(url, wait_until="load")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    found: dict[str, float] = page.evaluate(READ)
    found |= {"kB": wire.bytes / 1000, "requests": wire.requests, "foreign": wire.foreign}
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.evaluate(AXE.read_text("utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = json.dumps({"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": rules}})
    faults = page.evaluate(f"axe.run(document, {options})")["violations"]
    found |= {"axe": sum(len(fault["nodes"]) for fault in faults), "errors": wire.errors}
    context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--site", type=Path, default=ROOT / "site")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default=",".join(PAGES), help="kinds of page, with commas")
    options = parser.parse_args()
    chrome = os.environ.get("CHROME") or shutil.which("chromium") or shutil.which("google-chrome")
    columns = ("kB", "requests", "fcp ms", "lcp ms", "cls", "tbt ms", "elements", "foreign", "errors", "axe")
    print(f"{'page':12}" + "".join(f"{name:>10}" for name in columns))
    over = []
    with served(options.site) as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chrome, args=["--no-sandbox"])
        for kind in options.only.split(","):
            for side in ("", "zh/"):
                visits = [measure(browser, home + side + PAGES[kind]) for _ in range(options.runs)]
                row = {name: statistics.median(visit[name] for visit in visits) for name in columns}
                name = f"{kind} {side.rstrip('/') or 'en'}"
                cells = (f"{row[c]:10.3f}" if c == "cls" else f"{row[c]:10.0f}" for c in columns)
                print(f"{name:12}" + "".join(cells), flush=True)
                over += [f"{name}: {c} {row[c]:.3g} > {most}" for c, most in BUDGETS.items() if row[c] > most]
        browser.close()
    for line in over:
        print(line)
    raise SystemExit(1 if over else 0)


if __name__ == "__main__":
    main()
