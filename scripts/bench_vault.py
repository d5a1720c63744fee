"""Measure reading a vault: scanning and resolving every link, against one Python-Markdown conversion of the
same notes with the site's extensions, side by side in one run.

    .venv/bin/python scripts/bench_vault.py [--notes 6500]

Makes a vault in a temporary folder: notes of 20 to 400 lines in 60 folders, with properties, headings, lists,
tables, callouts, code, and some 15 links each. Prints CPU (user + system) seconds of either way, their ratio,
and the reader's peak memory at a quarter, half and all of the notes, each in a process of its own.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import markdown
from mkdocs.utils.yaml import yaml_load

from vaultkit.resolve import resolve, resolve_subpath
from vaultkit.vault import Vault

ROOT = Path(__file__).resolve().parents[1]
PROSE = (
    "the cache keeps keys and values of every token so that decode reads them once per step while prefill "
    "writes blocks in order to 键 值 缓存 注意力 模型 of **batch** size and *latency* grow `x`"
)
WORDS = PROSE.split()


def make(root: Path, notes: int) -> None:
    """Write the vault; the same notes for the same number."""
    chance = random.Random(notes)
    names = [f"Note {n} {chance.choice(WORDS).strip('*`,')}".strip() for n in range(notes)]
    (root / ".obsidian").mkdir(parents=True)
    for n, name in enumerate(names):
        folder = root / f"area {n % 12}" / f"topic {n % 60}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(note(chance, names, n), "utf-8")


def note(chance: random.Random, names: list[str], n: int) -> str:
    def other() -> str:
        return chance.choice(names)

    front = f'aliases: [alias {n}]\ntags: [a/b, c]\nup: "[[{other()}]]"\ncreated: 2026-11-22\n'
    parts = [f"---\n{front}---\n# {names[n]}\n"]
    for part in range(1 + min(19, int(chance.lognormvariate(1.3, 0.8)))):
        parts.append(
            f"\n## Part {part}\n\n{prose(chance, 60)} [[{other()}|see]]\n{prose(chance, 40)} "
            f"[[{other()}#Part 0]].\n"
        )
        kind = chance.randrange(6)
        if kind == 0:
            parts.append(
                "".join(f"- {prose(chance, 9)} [[{other()}]]\n    - {prose(chance, 6)}\n" for _ in range(5))
            )
        elif kind == 1:
            parts.append("| a | b |\n| --- | --- |\n" + f"| {prose(chance, 3)} | [[{other()}\\|x]] |\n" * 4)
        elif kind == 2:
            parts.append(f"> [!note] {prose(chance, 4)}\n> {prose(chance, 30)} ^id{part}\n")
        elif kind == 3:
            parts.append("```python\n" + "value = attention(query, key)  # [[no link]]\n" * 8 + "```\n")
        elif kind == 4:
            parts.append(
                f"{prose(chance, 20)} [text]({other().replace(' ', '%20')}.md) $x_{part}$ <!-- [[no]] -->\n"
            )
    return "".join(parts)


def prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words))


def read(root: Path) -> dict[str, float]:
    """Load the vault and resolve every link of it with its subpath."""
    started = time.process_time()
    vault = Vault.load(root)
    links = found = 0
    for path, each in vault.notes.items():
        for link in each.links:
            links += 1
            target = resolve(vault, link.target, path).path
            found += target is not None
            if target and link.subpath:
                resolve_subpath(vault.notes[target], link.subpath)
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    peak = memory / 1024 if sys.platform == "darwin" else memory
    return {"notes": len(vault.notes), "links": links, "found": found, "seconds": seconds, "peak": peak}


def convert(root: Path) -> float:
    """CPU seconds of one conversion of each note with the extensions of mkdocs.yml."""
    listed = yaml_load((ROOT / "mkdocs.yml").read_text("utf-8"))["markdown_extensions"]
    configs = {
        name: config or {} for entry in listed if isinstance(entry, dict) for name, config in entry.items()
    }
    names = [name for entry in listed for name in (entry if isinstance(entry, dict) else [entry])]
    converter = markdown.Markdown(extensions=names, extension_configs=configs)
    texts = [file.read_text("utf-8").split("---\n", 2)[2] for file in sorted(root.rglob("*.md"))]
    started = time.process_time()
    for text in texts:
        converter.reset()
        converter.convert(text)
    return time.process_time() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=6500)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read:
        print(json.dumps(read(args.read)))
        return 0
    for notes in (args.notes // 4, args.notes // 2, args.notes):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "vault"
            make(root, notes)
            size = sum(file.stat().st_size for file in root.rglob("*.md"))
            command = [sys.executable, __file__, "--read", str(root)]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(
                f"{row['notes']} notes, {size / 1e6:.1f} MB, {row['links']} links, {row['found']} resolved: "
            )
            print(f"    {row['seconds']:.2f} s CPU, peak memory {row['peak']:.0f} MB")
            if notes == args.notes:
                other = convert(root)
                print(f"one Python-Markdown conversion of the same notes: {other:.2f} s CPU")
                print(f"ratio {other / row['seconds']:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
