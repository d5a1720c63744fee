"""The lint after a change finds what the whole lint finds."""

import random
import shutil
from pathlib import Path

import pytest

from vaultkit.check import check_vault
from vaultkit.check.again import Lint
from vaultkit.vault import Vault

SAMPLE = Path(__file__).parents[2] / "site" / "sample" / "vault"


@pytest.mark.parametrize("seed", range(6))
def test_after_any_change_it_says_the_same(tmp_path: Path, seed: int) -> None:
    root = tmp_path / "vault"
    shutil.copytree(SAMPLE, root)
    chance = random.Random(seed)
    vault, lint = Vault.load(root), Lint()
    assert lint.check(vault) == check_vault(vault)
    for _ in range(16):
        note = chance.choice(sorted(root.rglob("*.md")))
        lines = note.read_text("utf-8").split("\n")
        kind, place = chance.randrange(8), chance.randrange(len(lines))
        if kind == 0:
            lines = [line for line in lines if not line.startswith("#")]
        elif kind == 1:
            lines += [
                "",
                "[[Nowhere]] [[KV cache#Gone]] ![[Attention#^gone]]",
                "## KV cache",
                "A block. ^gone",
            ]
        elif kind == 2 and note.stem != "Home":
            note.rename(note.with_name(f"Other {place}.md"))
            lines = []
        elif kind == 3:
            lines[place:place] = ["```python", f"import torch{place}", "```"]
        elif kind == 4:
            lines += ["[[别名]] [[Nowher]] ![[a.png]] [[concepts/Nowhere]]"]
        elif kind == 5:
            new = (
                root
                / chance.choice(["concepts", "papers"])
                / chance.choice(["Nowhere.md", "A.png", "KV cache.md"])
            )
            new.parent.mkdir(exist_ok=True)
            new.unlink() if new.exists() else new.write_text(
                chance.choice(["", "---\naliases: [别名]\n---\n"])
            )
            lines = []
        elif kind == 6:
            lines[:1] = ["---", "aliases: [别名]"] if lines[0] == "---" else lines[:1]
        else:
            del lines[place : place + 4]
        if lines:
            note.write_text("\n".join(lines), "utf-8")
        vault = Vault.load(root, vault)
        assert lint.check(vault) == check_vault(vault) == check_vault(Vault.load(root))
