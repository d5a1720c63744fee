"""The page of the whole graph: a place for the drawing, and the same graph as a list of links."""

import html
from urllib.parse import quote

from vaultkit.site.context import Context
from vaultkit.site.graph import Graph
from vaultkit.site.graph_files import kind_label, kinds_of, titles_of
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.site.ui import say

SLUGS = ("graph", "note-graph", "note-graph-2", "note-graph-3")
KIND = "graph"


def graph_page(sitemap: SiteMap) -> Page:
    """The page of the graph; a vault that has a page of that name leaves it the next one."""
    pages = [*sitemap.pages.values(), *sitemap.files.values()]
    taken = {page.slug for page in pages} | {page.section for page in pages}
    return Page("", next((slug for slug in SLUGS if slug not in taken), SLUGS[-1]), {})


def graph_lines(context: Context, graph: Graph) -> list[str]:
    """Lines of Markdown below the title."""
    language = context.language
    lines = [say(language, "graph_intro"), "{: .k-small }", "", '<div class="k-graph" hidden></div>', ""]
    count = say(language, "graph_list", notes=len(graph.nodes), links=len(graph.links))
    return [
        *lines,
        f'<details class="k-graph-list"><summary>{count}</summary>{_list(context, graph)}</details>',
    ]


def _list(context: Context, graph: Graph) -> str:
    """Every node by kind, with the number of its links: plain HTML, as there may be thousands."""
    language = context.language
    titles = titles_of(graph, context.sitemap, language)
    up = "../" * context.page.url.count("/")
    groups: dict[str, list[tuple[str, str]]] = {kind: [] for kind in kinds_of(graph)}
    for number, node in enumerate(graph.nodes):
        title = html.escape(titles[number])
        planned = ' class="k-planned"' if node.planned else ""
        shown = f'<a href="{up}{quote(node.page.url)}"{planned}>{title}</a>' if node.page else title
        groups[node.kind].append(
            (titles[number], f"<li>{shown} <span>{len(graph.around[number])}</span></li>")
        )
    parts = []
    for kind, items in groups.items():
        listed = "".join(item for _, item in sorted(items))
        parts.append(f"<p>{html.escape(kind_label(kind, language))} ({len(items)})</p><ul>{listed}</ul>")
    return "".join(parts)
