"""The graph of the site's notes: pairs are one node; the places of nodes are kept until a link changes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vaultkit.graph.layout import VERSION, layout
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.vault import fold

LISTS = frozenset({"planned-notes", "review"})  # pages that the site fills: their links are no one's thought
MISSING = "?"  # before the name of a note that is linked and does not exist


@dataclass(frozen=True, slots=True)
class Node:
    """A page, or a note that is linked but missing (`page` is None). `kind` is that of the property, else the
    folder's name, else "note".
    """

    key: str
    kind: str
    page: Page | None
    title: str
    planned: bool


@dataclass(frozen=True, slots=True)
class Near:
    """What stands around a node: itself, `close` neighbours, further ones; `links` index into `nodes`."""

    nodes: tuple[int, ...]
    close: int
    links: tuple[tuple[int, int], ...]


@dataclass
class Graph:
    """Nodes by key, the same in both languages; `links` are pairs of indices, smaller first, sorted."""

    nodes: list[Node]
    links: list[tuple[int, int]]
    places: list[tuple[int, int]]
    around: list[list[int]] = field(default_factory=list)  # of each node those it is linked with, in order
    near: dict[int, Near] = field(default_factory=dict)  # what was asked of `graph_near`, for both languages

    def __post_init__(self) -> None:
        self.around = [[] for _ in self.nodes]
        for first, second in self.links:
            self.around[first].append(second)
            self.around[second].append(first)
        for others in self.around:
            others.sort()


def graph_of(sitemap: SiteMap, kept: Path | None = None) -> Graph:
    """The graph of all notes that are published; `kept`: a file in which places are kept between builds."""
    nodes, pairs = _read(sitemap)
    order = {key: number for number, key in enumerate(sorted(nodes))}
    links = sorted({(min(order[a], order[b]), max(order[a], order[b])) for a, b in pairs if a != b})
    return Graph([nodes[key] for key in order], links, _places(list(order), links, kept))


def _read(sitemap: SiteMap) -> tuple[dict[str, Node], set[tuple[str, str]]]:
    vault = sitemap.vault
    nodes = {page.key: _node(sitemap, page) for page in sitemap.pages.values()}
    nodes = {key: node for key, node in nodes.items() if node.kind not in LISTS}
    pairs: set[tuple[str, str]] = set()
    found: dict[tuple[str, str], str | None] = {}  # by target and folder, which is all that counts
    for path, note in vault.notes.items():
        source = canonical(path)
        if source not in nodes:
            continue
        folder = path.rpartition("/")[0]
        for link in note.links:
            if (link.target, folder) not in found and link.target:
                found[link.target, folder] = resolve(vault, link.target, path).path
            target = found.get((link.target, folder), path)
            if target is None and link.kind != "embed":
                node = _missing(link.target)
                target = nodes.setdefault(node.key, node).key
            elif target in sitemap.files:
                nodes.setdefault(target, _file(sitemap, sitemap.files[target]))
            elif target is not None:
                target = canonical(target)
            if target in nodes:
                pairs.add((source, target))
    for key, canvases in sitemap.canvases.items():
        for page in canvases if key in nodes else ():
            nodes.setdefault(page.key, _file(sitemap, page))
            pairs.add((page.key, key))
    return nodes, pairs


def _node(sitemap: SiteMap, page: Page) -> Node:
    kind = sitemap.vault.notes[page.note("en")].properties.get("kind")
    named = kind.strip() if isinstance(kind, str) else ""
    return Node(page.key, named or page.section or "note", page, "", sitemap.planned(page))


def _file(sitemap: SiteMap, page: Page) -> Node:
    return Node(page.key, page.key.rpartition(".")[2].lower(), page, "", False)


def _missing(target: str) -> Node:
    name = target.strip().removesuffix(".md").strip("/").rsplit("/", 1)[-1]
    return Node(MISSING + fold(name), "missing", None, name, True)


def _places(
    names: Sequence[str], links: Sequence[tuple[int, int]], kept: Path | None
) -> list[tuple[int, int]]:
    key = hashlib.sha256(json.dumps([VERSION, names, links]).encode()).hexdigest()
    if kept and (known := _load(kept, key)):
        return known
    places = layout(names, links)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"key": key, "places": places}), "utf-8")
    return places


def _load(file: Path, key: str) -> list[tuple[int, int]]:
    try:
        found = json.loads(file.read_text("utf-8"))
        return [(int(x), int(y)) for x, y in found["places"]] if found["key"] == key else []
    except (OSError, ValueError, TypeError, KeyError):
        return []
