"""The built pages, our own and the sample's: language, links, anchors, weight, nothing from elsewhere."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

FETCHED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "video": "src", "audio": "src"}


class Page(HTMLParser):
    """What a test asks of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.alternates: dict[str, str] = {}
        self.lang = ""
        self.handlers: list[str] = []
        self.text = file.read_text("utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.handlers += [name for name in values if name.startswith("on")]
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "html":
            self.lang = values.get("lang", "")
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and values.get("rel") == "alternate":
            self.alternates |= {values["hreflang"]: values["href"]} if "hreflang" in values else {}
        elif tag == "link" and values.get("rel") != "canonical":
            self.fetched.append(values.get("href", ""))
        if tag in FETCHED and FETCHED[tag] in values:
            self.fetched.append(values[FETCHED[tag]])


@pytest.fixture(scope="module", params=["sample", pytest.param("real", marks=pytest.mark.slow)])
def pages(request: pytest.FixtureRequest) -> dict[str, Page]:
    """Pages of a site by their path, `concepts/kv-cache/index.html`."""
    folder = request.getfixturevalue(request.param).layout.site
    return {file.relative_to(folder).as_posix(): Page(file) for file in sorted(folder.rglob("*.html"))}


def target(path: str, href: str) -> tuple[str, str] | None:
    """(page, anchor) that a relative link leads to; None for another site."""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return None
    segments: list[str] = path.split("/")[:-1]
    for segment in unquote(parts.path).split("/"):
        if segment == "..":
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    folder = not parts.path or parts.path.endswith(("/", "..")) or parts.path == "."
    name = path if not parts.path else "/".join([*segments, "index.html"] if folder else segments)
    return name, unquote(parts.fragment)


def test_every_page_says_its_language_and_its_counterparts(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        chinese = path.startswith("zh/")
        assert page.lang == ("zh" if chinese else "en"), path
        if path.endswith("404.html"):
            continue
        own = path.removeprefix("zh/")
        shown = [re.search(r'<article[^>]* lang="(en|zh)"', pages[o].text) for o in (own, f"zh/{own}")]
        there = {found[1] for found in shown if found} or {"en", "zh"}  # else both have their own text
        assert set(page.alternates) == there | {"x-default"}, path
        for language, file in (("en", own), ("zh", f"zh/{own}")):
            if language in there:
                assert target(path, page.alternates[language]) == (file, ""), path


def test_both_languages_have_the_same_pages(pages: dict[str, Page]) -> None:
    chinese = {path.removeprefix("zh/") for path in pages if path.startswith("zh/")}
    assert chinese == {path for path in pages if not path.startswith("zh/")}


def test_every_link_arrives(pages: dict[str, Page], request: pytest.FixtureRequest) -> None:
    missing = []
    folder = request.getfixturevalue(request.node.callspec.params["pages"]).layout.site
    for path, page in pages.items():
        if path.endswith("404.html"):
            continue  # its links start at the site's root, wherever it is shown
        for href in page.links:
            found = target(path, href)
            if found is None:
                continue
            name, anchor = found
            if name.endswith((".ipynb", "index.md")) and (folder / name).is_file():
                continue  # the notebook itself, to download, or the page's Markdown
            if name not in pages:
                missing.append(f"{path}: {href}")
            elif anchor and anchor not in pages[name].ids:
                missing.append(f"{path}: {href} (anchor)")
    assert not missing


def test_ids_are_unique(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        twice = {name for name in page.ids if page.ids.count(name) > 1}
        assert not twice, path


def test_nothing_is_fetched_from_another_host(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        assert all(not urlsplit(url).netloc for url in page.fetched), path
        assert not page.handlers, path


@pytest.mark.slow
def test_style_sheets_and_scripts_name_no_other_host(real: object) -> None:
    folder: Path = real.layout.site  # type: ignore[attr-defined]
    loads = re.compile(
        r"""(?:url\(|@import\s+|import\(|fetch\(|src\s*=\s*)["']?(https?:)?//(?!www\.w3\.org)"""
    )
    files = [f for f in folder.rglob("*") if f.suffix in (".css", ".js", ".mjs") and "mermaid" not in f.parts]
    assert len(files) > 8
    assert not [f.name for f in files if loads.search(f.read_text("utf-8", errors="ignore"))]


def test_no_obsidian_syntax_is_left(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        prose = re.sub(r"<(pre|code|annotation|script)\b.*?</\1>", "", page.text, flags=re.DOTALL)
        assert not re.search(r"\[\[[^\]]+\]\]|%%|\[![a-z]+\]|\ue000", prose), path
        assert "k-missing" not in prose, path
        assert "arithmatex" not in prose, path
        assert "<!-- run" not in page.text, path


def test_output_panels_follow_their_code(pages: dict[str, Page]) -> None:
    panels = sum(len(re.findall(r'class="[^"]*k-output', page.text)) for page in pages.values())
    after_code = sum(
        len(re.findall(r"</pre>\s*</div>\s*<div class=\"[^\"]*k-output", p.text)) for p in pages.values()
    )
    assert panels == after_code > 0


def test_the_sitemap_lists_the_pages(pages: dict[str, Page], request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["pages"]
    sitemap = (request.getfixturevalue(name).layout.site / "zh" / "sitemap.xml").read_text()
    assert "/zh/concepts/" in sitemap and sitemap.count("<loc>") > 5


def test_a_page_stays_light(pages: dict[str, Page]) -> None:
    """HTML only; what a browser transfers in all is measured in the browser tests."""
    heavy = {path: len(gzip.compress(page.text.encode())) for path, page in pages.items()}
    assert max(heavy.values()) < 60_000, max(heavy, key=lambda path: heavy[path])


def test_the_not_found_page_speaks_both_languages(pages: dict[str, Page]) -> None:
    for path in ("404.html", "zh/404.html"):
        assert "Page not found" in pages[path].text and "找不到页面" in pages[path].text
