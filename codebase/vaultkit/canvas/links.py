"""What a canvas links: the files of its file nodes, and the links in its texts.

Obsidian keeps neither in a note's link cache, so `vaultkit links` leaves them out; pages name the canvases
that show them.
"""

from vaultkit.canvas.model import Canvas
from vaultkit.note import parse_note
from vaultkit.resolve import resolve
from vaultkit.vault import Vault


def linked_files(vault: Vault, canvas: Canvas) -> list[str]:
    """Vault paths, each once, in the order of the nodes."""
    found: dict[str, None] = {}
    for node in canvas.nodes:
        targets: list[str] = []
        if node.type == "file":
            targets = ["/" + node.value.lstrip("/")]
        elif node.type == "text" and "[" in node.value:
            targets = [link.target for link in parse_note(canvas.path, "\n" + node.value).links]
        for target in targets:
            path = resolve(vault, target, canvas.path).path
            if path and path != canvas.path:
                found[path] = None
    return list(found)
