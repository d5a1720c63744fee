"""Write the outputs of one language beside its pages."""

from dataclasses import replace
from pathlib import Path

from vaultkit.site.outputs.feed import feed
from vaultkit.site.outputs.listing import Entry
from vaultkit.site.outputs.llms import llms_txt, markdown_url
from vaultkit.site.outputs.place import Place
from vaultkit.site.outputs.sitemaps import sitemap_xml
from vaultkit.site.publish import put_file, write_anew


def write_outputs(
    place: Place, root: str, entries: list[Entry], docs: Path, site: Path, only: set[str] | None = None
) -> list[str]:
    """Write them into `site`, the folder of this language's pages; return what is not there and why.

    `only`: of the pages' Markdown, what has changed.
    `root` is the site's address even if only this machine can open it: a sitemap must have one.
    """
    said = []
    write_markdown(entries, docs, site, only)
    write_anew(site / "llms.txt", llms_txt(place, entries).encode("utf-8", "replace"))
    write_anew(site / "feed.xml", feed(place, entries).encode("utf-8", "replace"))
    sitemap = sitemap_xml(replace(place, root=root), entries)
    (site / "sitemap.xml.gz").unlink(missing_ok=True)
    if sitemap is None:
        (site / "sitemap.xml").unlink(missing_ok=True)
        said.append("no sitemap.xml: it needs absolute addresses, and `site_url` is empty")
    else:
        write_anew(site / "sitemap.xml", sitemap.encode())
    return said


def write_markdown(entries: list[Entry], docs: Path, site: Path, only: set[str] | None = None) -> None:
    """The Markdown of pages beside them; `only`: of these staged files."""
    for entry in entries:
        if entry.source and (only is None or entry.source in only):
            put_file(docs / entry.source, site / markdown_url(entry))
