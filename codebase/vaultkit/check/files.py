"""Canvases, bases and `base` code blocks: what in them cannot be read, and file nodes that lead nowhere."""

from collections.abc import Iterator

from vaultkit.bases.compile import faults
from vaultkit.bases.model import Base
from vaultkit.bases.read import CODE as BASE
from vaultkit.bases.read import read_base
from vaultkit.canvas.model import Canvas
from vaultkit.canvas.read import CODE as CANVAS
from vaultkit.canvas.read import read_canvas
from vaultkit.errors import Problem
from vaultkit.note import Note
from vaultkit.resolve import resolve
from vaultkit.vault import Vault, read_text


def check_files(vault: Vault) -> Iterator[Problem]:
    for base, line in _bases(vault):
        yield from base.problems
        for fault in faults(base):
            # Plugins may bring functions and views: what is unknown here need not be wrong.
            severity = "warning" if fault.startswith("unknown function") else "error"
            yield Problem(base.path, line, BASE, fault, severity=severity)  # type: ignore[arg-type]
    yield from _views(vault)
    for path in sorted(vault.files):
        if path.lower().endswith(".canvas"):
            text, problems = read_text(vault.on_disk(path), path)
            yield from problems
            canvas = read_canvas(path, text or "")
            yield from canvas.problems
            yield from _files(vault, canvas)


def _bases(vault: Vault) -> Iterator[tuple[Base, int]]:
    """Each base with the line at which to speak of it as a whole."""
    for path in sorted(vault.files):
        if path.lower().endswith(".base"):
            text, problems = read_text(vault.on_disk(path), path)
            base = read_base(path, text or "")
            base.problems[:0] = problems
            yield base, 0
    for note in vault.notes.values():
        yield from _blocks(note)


def _blocks(note: Note) -> Iterator[tuple[Base, int]]:
    for fence in note.scan.fences:
        if fence.language == "base" and not fence.hidden:
            yield read_base(note.path, fence.code, fence.line + 1), fence.line


def _views(vault: Vault) -> Iterator[Problem]:
    """Embeds that name a view which their base does not have."""
    for note in vault.notes.values():
        for link in note.links:
            path = (
                resolve(vault, link.target, note.path).path if link.kind == "embed" and link.subpath else None
            )
            if not path or not path.lower().endswith(".base"):
                continue
            base = read_base(path, read_text(vault.on_disk(path), path)[0] or "")
            if base.views and base.view(link.subpath) is None:
                names = ", ".join(view.name for view in base.views if view.name)
                message = f"{link.raw}: no such view in {path}"
                yield Problem(
                    note.path, link.line, "unresolved-subpath", message, f"views there: {names[:120]}"
                )


def _files(vault: Vault, canvas: Canvas) -> Iterator[Problem]:
    for node in canvas.nodes:
        if node.type == "file" and resolve(vault, "/" + node.value.lstrip("/"), canvas.path).path is None:
            hint = "the path is from the vault's folder"
            yield Problem(canvas.path, 0, CANVAS, f"node {node.id}: there is no file {node.value}", hint)
