"""An export is the same site under Zensical as under MkDocs: pages, titles, links and code."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import pytest

from vaultkit.cli import main

HERE = Path(__file__).parent
# Of bases and canvases the links stand in raw HTML, which MkDocs leaves alone and Zensical takes for links
# of the Markdown file: there they lead one folder too high.
RAW = ("ideas/all/index.html", "ideas/board/index.html")
_SKIPPED = ("headerlink", "md-", "skip")  # links of a theme's own


class Page(HTMLParser):
    """The title, links and code of a page's content."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.headings: list[str] = []
        self.code: list[str] = []
        self._into: list[str] | None = None
        self._end = ""
        article = re.search(r"<article.*?</article>", text, re.DOTALL)
        assert article, "no article"
        self.feed(article[0])

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "a" and "href" in values and not values.get("class", "").startswith(_SKIPPED):
            self.links.append(values["href"])
        if re.fullmatch("h[1-6]|pre", tag) and self._into is None:
            self._into, self._end = self.code if tag == "pre" else self.headings, tag
            self._into.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._end:
            self._into, self._end = None, ""

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data.replace("¶", "")


def site(folder: Path) -> dict[str, Page]:
    found = sorted(folder.rglob("index.html"))
    return {file.relative_to(folder).as_posix(): Page(file.read_text("utf-8")) for file in found}


def resolved(path: str, page: Page) -> list[str]:
    """Links of the page as addresses from the root, however they are written."""
    return [unquote(urljoin(f"http://site/{path}", link)).removesuffix("index.html") for link in page.links]


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("vault", ["sample", "published"])
def test_zensical_makes_the_same_site(tmp_path: Path, vault: str, monkeypatch: Any) -> None:
    if not find_spec("zensical"):
        pytest.skip("zensical is not installed: pip install zensical")
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    out = tmp_path / "out"
    main(["export", str(HERE / vault / "vault"), str(out)])
    sites = {}
    for builder in ("zensical", "mkdocs"):
        for config in sorted(out.glob("mkdocs*.yml"), key=lambda file: len(file.name)):
            run(builder, "build", "-f", str(config), folder=out)
        sites[builder] = site(out / "site")
        (out / "site").rename(out / f"site-{builder}")
    theirs, ours = sites["zensical"], sites["mkdocs"]
    assert theirs.keys() == ours.keys() and len(ours) >= 8
    for path, page in ours.items():
        assert theirs[path].headings == page.headings, path
        assert theirs[path].code == page.code, path
        if not path.endswith(RAW):
            assert resolved(path, theirs[path]) == resolved(path, page), path
    assert sum(len(page.code) for page in ours.values()) > 2
    assert sum(len(page.links) for page in ours.values()) > 20
