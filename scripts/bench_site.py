"""What rendering the labs costs a build of the site: CPU of MkDocs with and without the notebook plug-in.

`.venv/bin/python scripts/bench_site.py [--runs 3]`: medians of interleaved builds of the English half, and
their ratio. The tree is staged once; converted notebooks come from the plug-in's cache, as in daily use.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.stage import stage_all

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = {
    "with the plug-in": "INHERIT: mkdocs.yml\n",
    "without it": "INHERIT: mkdocs.yml\nplugins: []\n",
    "with it, .md not ignored": "INHERIT: mkdocs.yml\nplugins:\n  mkdocs-jupyter:\n    ignore: []\n",
}


def cpu_seconds(config: Path, site: str) -> float:
    """CPU seconds, user and system, of one build in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "mkdocs", "build", "-q", "--no-strict", "-f", str(config), "-d", site]
    env = os.environ | {"KVIST_STAGED": "1", "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    trees, _ = stage_all(Layout(ROOT), LANGUAGES[:1])
    seconds: dict[str, list[float]] = {name: [] for name in CONFIGS}
    config = ROOT / "mkdocs.bench.yml"
    try:
        for run in range(runs + 1):
            for name, text in CONFIGS.items():
                config.write_text(text, encoding="utf-8")
                with tempfile.TemporaryDirectory() as site:
                    spent = cpu_seconds(config, site)
                seconds[name] += [spent] if run else []  # the first round fills the caches
    finally:
        config.unlink(missing_ok=True)
    base = statistics.median(seconds["without it"])
    labs = sum(path.endswith(".ipynb") for path in trees[0].files)
    print(f"{len(trees[0].files)} staged files, {labs} notebooks; CPU seconds, medians of {runs}")
    for name, spent in seconds.items():
        median = statistics.median(spent)
        print(f"{name:26} {median:6.2f} s  {median / base:5.2f} x  {median - base:+.2f} s")


if __name__ == "__main__":
    main()
