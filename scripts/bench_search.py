"""Measure the search of a built site in a browser: bytes of first and next queries, recall, precision.

    .venv/bin/python scripts/bench_search.py [SITE] [--words 40] [--pagefind]

SITE is a folder as `vaultkit build` makes it (default: this repository's own). In each language, words are
sampled from the text of its pages as the browser's dictionary cuts it. The truth is every page whose text has
the word, letter for letter (in English at the beginning of a word); that text is taken from the HTML by a
parser of its own. Each query is asked by a page that has just been opened (first) and by one that has asked
others before (next); three words at a time are asked as first queries, too. All that is sent from the moment
search is opened counts, scripts too, after gzip. The cost of indexing is CPU time of a process of its own;
with `--pagefind` that of Pagefind on the same pages, if it is installed, stands beside it.
"""

import argparse
import functools
import gzip
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import unicodedata
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from playwright.sync_api import sync_playwright

from vaultkit.site.search.terms import STOP

ROOT = Path(__file__).resolve().parent.parent
ASK = """async ([query, language, roots]) => {
  const site = { language, other: language === "en" ? "zh" : "en", roots: {} };
  for (const [name, path] of Object.entries(roots)) site.roots[name] = new URL(path, location.origin);
  const { find } = await import(site.roots[language].href + "assets/search/find.js");
  const started = performance.now();
  const { rows } = await find(query, site);
  return [rows.filter((row) => !row.part).map((row) => row.page.url), performance.now() - started];
}"""
CUT = """([text, language]) => [...new Intl.Segmenter(language, { granularity: "word" }).segment(text)]
  .filter((part) => part.isWordLike).map((part) => part.segment)"""
VOID = {"br", "img", "hr", "input", "source", "wbr", "meta", "link", "col", "area", "embed", "track"}
SKIPPED = {"script", "style", "svg", "button", "template", "select", "video", "audio"}
BLOCKS = {
    "p",
    "li",
    "div",
    "td",
    "th",
    "tr",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "summary",
    "dt",
    "dd",
}
BLOCKS |= {
    "blockquote",
    "figcaption",
    "section",
    "table",
    "ul",
    "ol",
    "details",
    "label",
    "nav",
    "br",
    "option",
}


class Text(HTMLParser):
    """The text of an article, blocks parted by line breaks; without what the page says is not searched."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.open: list[bool] = []  # of each open element below the article: is it left out?

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        kind = (given.get("class") or "").split()
        if self.open or (tag == "article" and "data-searched" in given):
            self.parts.append("\n" if tag in BLOCKS else "")
            left_out = tag in SKIPPED or "data-unsearched" in given or "katex" in kind
            left_out |= bool({"headerlink", "footnote-ref", "footnote-backref"} & set(kind))
            if tag not in VOID:
                self.open.append(left_out or (bool(self.open) and self.open[-1]))

    def handle_endtag(self, tag: str) -> None:
        if self.open and tag not in VOID:
            self.open.pop()
            self.parts.append("\n" if tag in BLOCKS else "")

    def handle_data(self, data: str) -> None:
        if self.open and not self.open[-1]:
            self.parts.append(data)


def texts(folder: Path, other: str) -> dict[str, str]:
    """Text of each page that is searched, by URL, in composed Unicode and lower case."""
    found = {}
    for file in folder.rglob("index.html"):
        path = file.parent.relative_to(folder).as_posix()
        if path.partition("/")[0] == other:
            continue
        parser = Text()
        parser.feed(file.read_text("utf-8"))
        if text := "".join(parser.parts).strip():
            plain = unicodedata.normalize("NFKC", text).lower()
            found["" if path == "." else path + "/"] = "\n".join(
                " ".join(s.split()) for s in plain.split("\n")
            )
    return found


class Counting(SimpleHTTPRequestHandler):
    """Files of a folder; `sizes` are those of the bodies sent, after gzip."""

    sizes: ClassVar[list[int]] = []

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        self.sizes.append(len(gzip.compress(content)))
        outputfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


def serve(folder: Path) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Counting, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def sample(page: Any, language: str, pages: dict[str, str], count: int) -> list[str]:
    """Words of the pages, each sampled once; every tenth is a single character in Chinese."""
    chance = random.Random(1)
    words: set[str] = set()
    while len(words) < count:
        text = chance.choice(list(pages.values()))
        place = chance.randrange(max(len(text) - 200, 1))
        wide = [
            w for w in page.evaluate(CUT, [text[place : place + 200], language])[1:-1] if fits(w, language)
        ]
        if language == "zh" and len(words) % 10:
            wide = [word for word in wide if len(word) > 1]
        words |= {chance.choice(wide)} if wide else set()
    return sorted(words)


def fits(word: str, language: str) -> bool:
    han = all("\u4e00" <= letter <= "\u9fff" for letter in word)
    return (
        han if language == "zh" else word.isalpha() and word.isascii() and len(word) > 3 and word not in STOP
    )


def stands(word: str, text: str) -> bool:
    """Chinese: anywhere. English: at the beginning of a word."""
    return word in text if not word.isascii() else bool(re.search(rf"(?<![a-z]){word}", text))


def measure(browser: Any, address: str, language: str, pages: dict[str, str], count: int) -> None:
    home = address + ("/zh/" if language == "zh" else "/")
    roots = {"en": "/", "zh": "/zh/"}
    words = sample(browser.new_page(), language, pages, count)
    recalls, precisions, spent = [], [], []
    first: list[int] = []
    again: list[int] = []
    old = opened(browser, home)
    old.evaluate(ASK, [words[-1], language, roots])
    for word in words:
        fresh = opened(browser, home)
        fresh.evaluate(f"import('{home}assets/search/dialog.js').then(() => null)")
        fresh.evaluate(ASK, [word, language, roots])
        first.append(sum(Counting.sizes))
        fresh.context.close()
        Counting.sizes.clear()
        urls, milliseconds = old.evaluate(ASK, [word, language, roots])
        again.append(sum(Counting.sizes))
        spent.append(milliseconds)
        truth = {url for url, text in pages.items() if stands(word, text)}
        recalls.append(len(truth & set(urls)) / len(truth))
        precisions.append(len(truth & set(urls)) / max(len(urls), 1))
    several: list[int] = []
    for place in range(0, len(words) - 2, 3):
        fresh = opened(browser, home)
        fresh.evaluate(f"import('{home}assets/search/dialog.js').then(() => null)")
        fresh.evaluate(ASK, [" ".join(words[place : place + 3]), language, roots])
        several.append(sum(Counting.sizes))
        fresh.context.close()
    print(f"{language}: {len(pages)} pages, {len(words)} words: {' '.join(words)}")
    for name, shares in (("recall", recalls), ("precision", precisions)):
        least = min(shares)
        mean, word = statistics.mean(shares), words[shares.index(least)]
        print(f"  {name:11} mean {mean:.3f}  least {least:.2f} ({word})")
    for name, sizes in (("first query", first), ("next query", again), ("three words", several)):
        median = statistics.median(sizes) / 1000
        print(f"  {name:11} median {median:6.1f} kB  most {max(sizes) / 1000:6.1f} kB")
    print(f"  an answer takes {statistics.median(spent):.0f} ms (median), at most {max(spent):.0f} ms")


def opened(browser: Any, home: str) -> Any:
    """A page in a browser that has nothing stored; what is sent counts from now on."""
    page = browser.new_context().new_page()
    page.goto(home)
    page.wait_for_load_state("networkidle")
    Counting.sizes.clear()
    return page


def cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def index_costs(folder: Path, language: str, pagefind: bool) -> None:
    """What indexing a copy of one half takes, and how large it comes out."""
    spent = cpu(["vaultkit.site.search", str(folder)])
    files = [file for file in (folder / "search").rglob("*") if file.is_file()]
    kinds = {"words": 0, "pages": 0, "search": 0}
    for file in files:
        kinds[file.parent.name] += file.stat().st_size
    shown = ", ".join(
        f"{name.replace('search', 'index.bin')} {size / 1000:.1f} kB" for name, size in kinds.items()
    )
    print(f"{language}: indexed in {spent:.2f} s CPU; {len(files)} files: {shown}")
    if pagefind:
        for file in folder.rglob("index.html"):
            text = file.read_text("utf-8").replace("data-searched", "data-pagefind-body")
            file.write_text(text.replace("data-unsearched", "data-pagefind-ignore"), "utf-8")
        print(f"    Pagefind: {cpu(['pagefind', '--site', str(folder), '--silent']):.2f} s CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", type=Path, nargs="?", default=ROOT / "site")
    parser.add_argument("--words", type=int, default=40)
    parser.add_argument("--pagefind", action="store_true", help="what Pagefind takes to index it, too")
    given = parser.parse_args()
    halves = (("en", given.site, "zh"), ("zh", given.site / "zh", ""))
    with tempfile.TemporaryDirectory() as scratch:
        for language, folder, other in halves:
            copy = Path(scratch) / language
            shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(other or ".", "search"))
            index_costs(copy, language, given.pagefind)
    server = serve(given.site)
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        address = f"http://127.0.0.1:{server.server_port}"
        for language, folder, other in halves:
            measure(browser, address, language, texts(folder, other), given.words)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
