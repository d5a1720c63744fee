"""Guards the census: it counts a fence that a reader sees as Python and that neither runs nor is declared."""

from vaultkit.run.census import census
from vaultkit.vault import Vault

GOOD = (
    '```python\n1\n```\n<!-- run: skip "why" -->\n```py\n2\n```\n'
    "%%\n```python\nhidden\n```\n%%\n```text\n3\n```\n"
)


def test_census(make_vault) -> None:
    root = make_vault({
        "Good.md": GOOD,
        "Like.md": "```python\n1\n```\n```ipython\n2\n```\n",
        "Marker.md": "- ```python\n  1\n  ```\n",
        "Prose.md": "text\n",
    })  # fmt: skip
    counts = {count.path: count for count in census(Vault.load(root))}
    assert counts["Good.md"][1:] == (2, 1, 1) and counts["Good.md"].ok
    assert counts["Like.md"][1:] == (2, 1, 0) and not counts["Like.md"].ok
    assert counts["Marker.md"][1:] == (1, 0, 0) and not counts["Marker.md"].ok
    assert "Prose.md" not in counts
