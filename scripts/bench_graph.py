"""What the graph costs a build, and how far a new note moves the others.

`.venv/bin/python scripts/bench_graph.py [--pairs 1000] [--links 8] [--runs 3]`: a vault of that many pairs of
notes, most links within groups of fifty; CPU seconds, medians of interleaved runs, beside those of reading
the vault's links.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from vaultkit.graph.layout import SIZE, layout
from vaultkit.site.graph import graph_of
from vaultkit.site.graph_files import graph_files
from vaultkit.site.paths import LANGUAGES
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import Vault


def write_vault(folder: Path, pairs: int, links: int, seed: int) -> None:
    chance = random.Random(seed)
    (folder / "concepts").mkdir(parents=True)
    for n in range(pairs):
        group = n // 50 * 50
        near = [chance.randrange(group, min(pairs, group + 50)) for _ in range(links)]
        targets = [m if chance.random() < 0.7 else chance.randrange(pairs) for m in near]
        text = "\n\n".join(f"A sentence about [[Note {m:05}]] and what follows from it." for m in targets)
        for name, front in ((f"Note {n:05}.md", "kind: concept"), (f"Note {n:05}.zh.md", "lang: zh")):
            (folder / "concepts" / name).write_text(f"---\n{front}\n---\n# {n}\n\n{text}\n", "utf-8")


def cpu(action: Callable[[], object]) -> tuple[float, object]:
    before = time.process_time()
    result = action()
    return time.process_time() - before, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--links", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(options.runs):
            root, kept = Path(folder) / str(run), Path(folder) / f"{run}.json"
            write_vault(root, options.pairs, options.links, run)
            vault = Vault.load(root)
            read, _ = cpu(lambda vault=vault: [note.links for note in vault.notes.values()])
            sitemap = SiteMap.of(vault)
            made, graph = cpu(partial(graph_of, sitemap))
            graph_of(sitemap, kept)
            again, _ = cpu(partial(graph_of, sitemap, kept))
            files, _ = cpu(lambda g=graph, s=sitemap: [graph_files(g, s, lang) for lang in LANGUAGES])
            unchanged, _ = cpu(lambda g=graph, s=sitemap: [graph_files(g, s, lang) for lang in LANGUAGES])
            rows = {"links read": read, "graph, places computed": made, "graph, places kept": again}
            rows |= {"files of both languages": files, "the same again": unchanged}
            for name, spent in rows.items():
                seconds.setdefault(name, []).append(spent)
    base = statistics.median(seconds["links read"])
    print(f"{len(graph.nodes)} nodes, {len(graph.links)} links; CPU seconds, medians of {options.runs}")
    for name, spent in seconds.items():
        median = statistics.median(spent)
        print(f"{name:26} {median:6.2f} s  {median / base:6.2f} x")
    names = [node.key for node in graph.nodes]
    after = layout([*names, "a new note"], [*graph.links, *((len(names), n) for n in range(3, 60, 8))])
    moved = sorted(
        ((x - a) ** 2 + (y - b) ** 2) ** 0.5 / SIZE
        for (x, y), (a, b) in zip(graph.places, after, strict=False)
    )
    middle, far = moved[len(moved) // 2], moved[int(0.9 * len(moved))]
    print(f"a new note moves half of the others less than {middle:.1%} of the radius, nine tenths {far:.1%}")


if __name__ == "__main__":
    main()
