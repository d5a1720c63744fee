"""Measure building and serving the site, beside plain Material for MkDocs, in one run.

    .venv/bin/python scripts/bench_site.py [--notes 1000] [--runs 3] [--only build,unchanged,serve,labs]
    .venv/bin/python scripts/bench_site.py --scale 250,500,1000,2000

Makes a project in a temporary folder: `--notes` pairs (English and Chinese) in three folders, each note of
about 400 English words or 650 Han characters with 8 wikilinks (half of them with an alias or a heading), a
block of Python, a callout, one display and two inline formulas, and front matter. It is built from nothing
by `vaultkit build` and by the yardstick: MkDocs with Material, `nav: [index.md]`, the same Markdown
extensions, no plug-in but search, both languages in one tree. Then the build is asked for again with
nothing changed, and `vaultkit serve` is timed from the save of a note to the answer of its page, of a page
that links to it, and of both in Chinese. CPU is user and system time of a process and all its children;
medians, and ratios to the yardstick of the same run. `labs`: what rendering the notebooks costs a build of
this repository's own site.

Measured on two busy cores (one run, 1,000 pairs): the whole build 1.4 times the yardstick's CPU (29.9 s to
21.5 s), of which rendering takes 10.7 s, the search indexes 3 s, staging, cards and publishing the rest;
nothing changed 0.06 times; 57.0 MB, of which 39.1 MB are pages, 7.4 Markdown, 3.9 the search indexes, 2.2
cards and 1.1 what is near each note. `--scale`, one run each: 514 pages 11.0 s of CPU (21.3 ms a page), 1,014
pages 17.4 s (17.1), 2,014 pages 30.1 s (14.9), 4,014 pages 51.7 s (12.9): linear, after what any build costs.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench_serve import serve_times
from bench_vaults import ROOT, make_project
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.stage import stage_all


def cpu_seconds(command: list[str], folder: Path, **env: str) -> float:
    """CPU seconds, user and system, of one process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = os.environ | {"PYTHONPATH": str(ROOT / "codebase"), "NO_MKDOCS_2_WARNING": "1"} | env
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def build_times(layout: Layout, runs: int, say: Callable[[str], None]) -> None:
    """The yardstick, a build from nothing, and a build of what has not changed, by turns."""
    ways: dict[str, list[float]] = {"yardstick": [], "whole build": [], "nothing changed": []}
    for _ in range(runs):
        shutil.rmtree(layout.cache, ignore_errors=True)
        shutil.rmtree(layout.site, ignore_errors=True)
        shutil.rmtree(layout.root / "plain", ignore_errors=True)
        ways["yardstick"].append(cpu_seconds(["mkdocs", "build", "-q", "-f", "plain.yml"], layout.root))
        ways["whole build"].append(cpu_seconds(["vaultkit.cli", "build"], layout.root))
        ways["nothing changed"].append(cpu_seconds(["vaultkit.cli", "build"], layout.root))
    base = statistics.median(ways["yardstick"])
    pages = sum(1 for _ in layout.site.rglob("index.html"))
    say(f"{pages} pages; CPU seconds, medians of {runs}")
    for name, spent in ways.items():
        median = statistics.median(spent)
        say(f"  {name:18} {median:7.2f} s  {median / base:5.2f} x the yardstick")
    say(f"  {megabytes(layout.site):.1f} MB, the yardstick's {megabytes(layout.root / 'plain'):.1f} MB")
    say("  " + ", ".join(f"{name} {size:.1f}" for name, size in kinds_of(layout.site).items() if size >= 0.1))


def scale_times(pairs: list[int], folder: Path, say: Callable[[str], None]) -> None:
    """CPU of one build from nothing for each number of pairs, which should grow as the pages do."""
    base = 0.0
    for count in pairs:
        layout = make_project(folder / str(count), count)
        spent = cpu_seconds(["vaultkit.cli", "build"], layout.root)
        pages = sum(1 for _ in layout.site.rglob("index.html"))
        each = 1000 * spent / pages
        base = base or each
        say(f"  {pages:5} pages {spent:7.2f} s  {each:5.1f} ms a page  {each / base:5.2f} x the first")
        shutil.rmtree(layout.root)


def kinds_of(site: Path) -> dict[str, float]:
    """Megabytes of a site by kind of file, the largest first."""
    found: dict[str, float] = {}
    for file in (file for file in site.rglob("*") if file.is_file()):
        parts = file.relative_to(site).parts
        named = next((part for part in ("cards", "search") if part in parts[:2]), file.suffix[1:])
        found[named] = found.get(named, 0) + file.stat().st_size / 1e6
    return dict(sorted(found.items(), key=lambda kind: -kind[1]))


def megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def labs_times(runs: int, say: Callable[[str], None]) -> None:
    """MkDocs on this repository's English half with and without the notebook plug-in."""
    configs = {
        "with the plug-in": "INHERIT: mkdocs.yml\n",
        "without it": "INHERIT: mkdocs.yml\nplugins: []\n",
    }
    stage_all(Layout(ROOT), LANGUAGES[:1])
    seconds: dict[str, list[float]] = {name: [] for name in configs}
    config = ROOT / "mkdocs.bench.yml"
    try:
        for run in range(runs + 1):
            for name, text in configs.items():
                config.write_text(text, encoding="utf-8")
                with tempfile.TemporaryDirectory() as site:
                    command = ["mkdocs", "build", "-q", "--no-strict", "-f", str(config), "-d", site]
                    spent = cpu_seconds(command, ROOT, KVIST_STAGED="1")
                seconds[name] += [spent] if run else []  # the first round fills the caches
    finally:
        config.unlink(missing_ok=True)
    base = statistics.median(seconds["without it"])
    say(f"our own English half; CPU seconds, medians of {runs}")
    for name, spent in seconds.items():
        median = statistics.median(spent)
        say(f"  {name:18} {median:7.2f} s  {median / base:5.2f} x  {median - base:+.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="build,serve,labs", help="which parts (default: %(default)s)")
    parser.add_argument("--scale", default="", help="only this: builds of so many pairs, as 250,500,1000")
    parser.add_argument("--keep", type=Path, default=None, help="make the project here and leave it there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if given.scale:
            scale_times([int(count) for count in given.scale.split(",")], Path(scratch), print)
            return
        layout = make_project(given.keep or Path(scratch), given.notes)
        if "build" in given.only:
            build_times(layout, given.runs, print)
        if "serve" in given.only:
            serve_times(layout, given.runs, print)
    if "labs" in given.only:
        labs_times(given.runs, print)


if __name__ == "__main__":
    main()
