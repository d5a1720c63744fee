"""The files that a browser draws the graph from: one of the whole, small ones of what is near each page."""

import gzip
import json
from collections import Counter

from vaultkit.site.graph import Graph, Near
from vaultkit.site.paths import Language
from vaultkit.site.sitemap import SiteMap
from vaultkit.site.ui import STRINGS, say

WHOLE = "assets/graph.json"
NEAR = "assets/near/{:02x}.bin"
SHARDS = 64  # a page finds its file by its address alone, so no page changes when its neighbours do
CLOSE, FAR = 24, 16  # neighbours shown at most, and further nodes that are linked with those

PLAIN = 9  # the sign of kinds that have none of their own
FAMILIAR = ("concept", "paper", "reading-list", "lab", "model", "comparison", "debugging")


_last: dict[Language, tuple[object, dict[str, bytes]]] = {}  # most edits of a vault leave its graph alone


def graph_files(graph: Graph, sitemap: SiteMap, language: Language) -> dict[str, bytes]:
    """Files of one language's tree by path; those of the last call if they would be the same."""
    titles = titles_of(graph, sitemap, language)
    key = (titles, graph.nodes, graph.links, graph.places)
    if language not in _last or _last[language][0] != key:
        _last[language] = (key, _files(graph, titles, language))
    return dict(_last[language][1])


def _files(graph: Graph, titles: list[str], language: Language) -> dict[str, bytes]:
    kinds = kinds_of(graph)
    files = {WHOLE: _json(_whole(graph, titles, kinds, language))}
    shards: dict[int, list[int]] = {}
    for number, node in enumerate(graph.nodes):
        if node.page and graph.around[number]:
            shards.setdefault(shard_of(node.page.url), []).append(number)
    signs = dict(zip(kinds, signs_of(kinds), strict=True))
    sign_of = [signs[node.kind] for node in graph.nodes]
    for shard, numbers in shards.items():
        near = _json(_near(graph, numbers, titles, sign_of))
        files[NEAR.format(shard)] = gzip.compress(near, 3, mtime=0)
    return files


def titles_of(graph: Graph, sitemap: SiteMap, language: Language) -> list[str]:
    return [sitemap.title(node.page, language) if node.page else node.title for node in graph.nodes]


def kinds_of(graph: Graph) -> list[str]:
    """The kinds of the graph: those that have a sign of their own first, then by number of notes."""
    counts = Counter(node.kind for node in graph.nodes)
    others = sorted(counts.keys() - {*FAMILIAR}, key=lambda kind: (-counts[kind], kind))
    return [*(kind for kind in FAMILIAR if kind in counts), *others]


def signs_of(kinds: list[str]) -> list[int]:
    """Number of each kind's sign (shape and colour): one of its own where there are enough of them."""
    others = [kind for kind in kinds if kind not in FAMILIAR and kind != "missing"]
    free = {kind: min(len(FAMILIAR) + rank, PLAIN) for rank, kind in enumerate(others)}
    return [FAMILIAR.index(kind) if kind in FAMILIAR else free.get(kind, PLAIN) for kind in kinds]


def kind_label(kind: str, language: Language) -> str:
    """A kind in the reader's language, or as the vault calls it."""
    key = next((key for key in (f"node_{kind}", f"kind_{kind}", f"section_{kind}") if key in STRINGS), "")
    return say(language, key) if key else kind.replace("-", " ").capitalize()


def shard_of(url: str) -> int:
    """FNV-1a of the page's address, which the browser computes too."""
    value = 0x811C9DC5
    for byte in url.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value % SHARDS


def _whole(graph: Graph, titles: list[str], kinds: list[str], language: Language) -> dict[str, object]:
    """`k` names and signs of kinds, `t` titles, `u` addresses (absent: missing), `n` kinds, `p` planned,
    `x`, `y` places, `e` of each node the later ones that it is linked with.
    """
    return {
        "k": [[kind_label(kind, language), sign] for kind, sign in zip(kinds, signs_of(kinds), strict=True)],
        "t": titles,
        "u": [node.page.url if node.page else None for node in graph.nodes],
        "n": [kinds.index(node.kind) for node in graph.nodes],
        "p": [number for number, node in enumerate(graph.nodes) if node.planned],
        "x": [x for x, _ in graph.places],
        "y": [y for _, y in graph.places],
        "e": [[other for other in others if other > n] for n, others in enumerate(graph.around)],
    }


def _near(graph: Graph, numbers: list[int], titles: list[str], sign_of: list[int]) -> dict[str, object]:
    """`n` nodes as [title, address, sign, planned, x, y]; `p` by address: how many neighbours there are, how
    many of them are shown, the nodes near the page (itself, neighbours, further ones) and the links between
    those that are not the page's own, two numbers each.
    """
    shown: dict[int, int] = {}
    pages: dict[str, object] = {}
    for number in numbers:
        near = near_of(graph, number)
        page = graph.nodes[number].page
        listed = [shown.setdefault(node, len(shown)) for node in near.nodes]
        links = [end for link in near.links if link[0] for end in link]
        pages[page.url if page else ""] = [len(graph.around[number]), near.close, listed, links]
    return {"n": [_shown(graph, node, titles, sign_of) for node in shown], "p": pages}


def _shown(graph: Graph, number: int, titles: list[str], sign_of: list[int]) -> list[object]:
    node = graph.nodes[number]
    url = node.page.url if node.page else None
    return [titles[number], url, sign_of[number], int(node.planned), *graph.places[number]]


def near_of(graph: Graph, number: int) -> Near:
    """Neighbours, those first that are tied most closely to the others, and what several of them link."""
    if number in graph.near:
        return graph.near[number]
    around = set(graph.around[number])
    inner = {node: len(around.intersection(graph.around[node])) for node in around}
    close = sorted(around, key=lambda node: (-inner[node], len(graph.around[node]), node))[:CLOSE]
    further = Counter(other for node in close for other in graph.around[node])
    for node in (number, *around):
        further.pop(node, None)
    far = sorted(further, key=lambda node: (-further[node], len(graph.around[node]), node))[:FAR]
    place = {node: index for index, node in enumerate((number, *close, *far))}
    links = tuple(
        (index, place[other])
        for node, index in place.items()
        for other in graph.around[node]
        if place.get(other, -1) > index
    )
    return graph.near.setdefault(number, Near(tuple(place), len(close), links))


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")
