"""Formulas that the build's KaTeX would refuse. Which notes had none is remembered by their text."""

import hashlib
import json
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from vaultkit import place
from vaultkit.errors import Problem
from vaultkit.site.node import find_node
from vaultkit.site.paths import HERE, Layout
from vaultkit.site.sitemap import SiteMap
from vaultkit.write import write_atomic

_REPOSITORY = HERE.parents[2]
FILE = "formulas.json"  # in the cache: by what they were read, and the digests of notes that were all well


def problems(sitemap: SiteMap) -> list[Problem]:
    """What is wrong with the formulas of notes and canvases that are published."""
    layout = _layout(sitemap.vault.root)
    file = place.cache_folder(sitemap.vault.root) / FILE
    can_run = bool(layout) and find_node() is not None
    by = _reader(layout if can_run else None)
    known = _known(file, by)
    texts = _texts(sitemap)
    digests = {path: hashlib.blake2b(text.encode("utf-8", "replace")).hexdigest()[:24]
               for path, text in texts.items()}  # fmt: skip
    new = {path for path in texts if digests[path] not in known}
    if not new:
        return []
    found: list[Problem]
    found, read = import_module("vaultkit.site.refused.tex").problems(sitemap, new, layout)
    if can_run and not read:
        return found  # KaTeX failed this time: what their braces say is not remembered
    wrong = {problem.path for problem in found}
    well = sorted({digest for path, digest in digests.items() if path not in wrong})
    with suppress(OSError):  # else they are read again next time
        write_atomic(file, json.dumps({"by": by, "well": well}).encode())
    return found


def _texts(sitemap: SiteMap) -> dict[str, str]:
    """The text of each published note and canvas with a dollar in it."""
    notes = sitemap.vault.notes
    found = {path: notes[path].text for page in sitemap.pages.values() for path in page.notes.values()}
    for path in sitemap.files:
        if path.lower().endswith(".canvas"):
            try:
                found[path] = sitemap.vault.on_disk(path).read_text("utf-8", "replace")
            except OSError:
                continue  # the lint says so
    return {path: text for path, text in found.items() if "$" in text}


def _layout(root: Path) -> Layout | None:
    """The project that has KaTeX: the vault's own, else that of these tools; None if none has."""
    layouts = (Layout(root.resolve().parent), Layout(_REPOSITORY))
    return next((one for one in layouts if _katex(one).is_file()), None)


def _katex(layout: Layout) -> Path:
    return layout.root / "node_modules" / "katex" / "package.json"


def _reader(layout: Layout | None) -> str:
    """What a verdict on a formula depends on besides the formula: KaTeX (layout: the project whose KaTeX can
    run here; without it braces are counted), and our own code that finds it.
    """
    files = [*HERE.glob("*.py"), *HERE.glob("refused/*.py"), *HERE.parent.glob("*.py")]
    files += [_katex(layout)] if layout else []
    stats = [(file.name, (stat := file.stat()).st_size, stat.st_mtime_ns) for file in sorted(files)]
    return hashlib.blake2b(repr(stats).encode()).hexdigest()[:24]


def _known(file: Path, by: str) -> frozenset[str]:
    try:
        kept = json.loads(file.read_bytes())
        return frozenset(map(str, kept["well"])) if kept["by"] == by else frozenset()
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
