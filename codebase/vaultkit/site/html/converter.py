"""One Markdown parser for all pages of a language; MkDocs makes one for each page.

`take` puts this in the place of MkDocs' own reading and rendering of a page, so that `mkdocs build` and the
server do the same.
"""

import html
import re
from functools import partial
from typing import Any

from markdown import Markdown
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page, _ExtractTitleTreeprocessor
from mkdocs.structure.toc import get_toc

from vaultkit.site.html.links import Links
from vaultkit.site.html.source import read

_ID = re.compile(r'<[^>]*?\s(?:id|name)="([^"]*)"')
BELOW, _HEAD = "k_below", "k_head"  # in a page's meta: the HTML below its text, and that under its title


class Converter:
    """Converts pages with the extensions of MkDocs' configuration."""

    def __init__(self, config: MkDocsConfig) -> None:
        self._config = config
        self._links = Links(config)
        self._title = _ExtractTitleTreeprocessor()
        self._parser: Markdown | None = None

    def take(self, page: Page) -> None:
        """Let this page be read and rendered here."""
        page.read_source = partial(self._read, page)  # type: ignore[method-assign]
        page.render = partial(self._render, page)  # type: ignore[method-assign]

    def _read(self, page: Page, config: MkDocsConfig) -> None:
        text = config.plugins.on_page_read_source(page=page, config=config)
        source = read(page.file.content_string if text is None else text)
        page.markdown, page.meta = source.markdown, source.meta
        page.meta[BELOW], page.meta[_HEAD] = source.below, source.head

    def _render(self, page: Page, config: MkDocsConfig, files: Files) -> None:
        self._links.begin(page.file, files)
        self._title.title = None
        parser, self._parser = self._parser or self._make(), None  # one that failed halfway is not used again
        page.content = _under_title(parser.reset().convert(page.markdown or ""), page.meta.get(_HEAD, ""))
        page.toc = get_toc(getattr(parser, "toc_tokens", []))
        page._title_from_render = self._title.title
        page.present_anchor_ids = anchors(page.content)
        page.links_to_anchors = self._links.links_to_anchors
        self._parser = parser

    def _make(self) -> Markdown:
        config: Any = self._config
        parser = Markdown(
            extensions=config["markdown_extensions"], extension_configs=config["mdx_configs"] or {}
        )
        self._title._register(parser)
        self._links._register(parser)
        return parser


def _under_title(text: str, head: str) -> str:
    before, title, after = text.partition("</h1>")
    return f"{before}{title}\n{head}{after}" if head and title else head + text


def anchors(text: str) -> set[str]:
    """The ids in HTML."""
    return {html.unescape(name) for name in _ID.findall(text)}
