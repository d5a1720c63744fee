"""Which notes a command means: `"KV cache"` is the pair, a path that file, nothing all with code."""

from pathlib import Path

from vaultkit import place, where
from vaultkit.errors import CallError, Problem, VaultError, no_folder
from vaultkit.files import NOTE_ENDINGS, OUT
from vaultkit.pairs import canonical, pair_of
from vaultkit.resolve import resolve
from vaultkit.vault import Vault, unread


def select(names: list[str], root: Path | None = None) -> tuple[Path, list[Path]]:
    """(vault, note files) for names of notes, note files or folders. Raises VaultError for an unknown one.

    Without names: every note that holds Python fences. A folder means the notes with Python fences below it.
    """
    if "" in names:
        raise CallError(Problem("''", 0, "no-note", "is no name of a note"))
    here = _on_disk(names)
    for path in here:
        if path.is_file() and where.leaves(str(path)):
            raise CallError(Problem(str(path), 0, "symbolic-link", OUT))
    root = root or vault_of_names(names)
    if here and len(here) == len(names) and all(path.is_file() for path in here):
        return root, [_inside(path, root) for path in here]  # the quick way: no other note is read
    vault = Vault.load(root)
    if not names:
        return root, _with_code(vault, "")
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path not in here:
            notes = [root / note for note in named_notes(vault, name)]
        else:
            notes = [_inside(path, root)] if path.is_file() else _with_code(vault, place.part_of(root, path))
        found += [note for note in notes if note not in found]
    return root, found


def vault_of_names(names: list[str]) -> Path:
    """The vault that a command with these names works on."""
    here = _on_disk(names)
    if here:
        return place.vault_of(here[0])
    if names and not where.default_vault():
        raise no_folder(names[0])
    return place.default_vault()


def rows_named(root: str, name: str) -> list[tuple[str, str]]:
    """(vault path, file) of the notes that a name means; LookupError, with the line to print, if none."""
    try:
        return [(path, str(Path(root, path))) for path in named_notes(Vault.load(root), name)]
    except VaultError as error:
        raise LookupError(str(error)) from None


def _on_disk(names: list[str]) -> list[Path]:
    paths = [Path(name) for name in names]
    return [p for p in paths if p.is_dir() or (p.suffix.lower() in NOTE_ENDINGS and p.is_file())]


def named_notes(vault: Vault, name: str) -> list[str]:
    """Paths of the note `name` and its translation; only that one if `name` is a path in the vault."""
    if name in vault.notes:
        return [name]
    path = resolve(vault, name, "").path or resolve(vault, f"{name}.ipynb", "").path
    path = path or vault.by_alias.get(name.lower())
    if path not in vault.notes:
        raise CallError(Problem(name, 0, "no-note", "is not a note of this vault", _near(vault, name)))
    other = pair_of(vault, path)
    return [path] if other is None or path != canonical(path) else [path, other]


def _near(vault: Vault, name: str) -> str:
    words = set(name.lower().split())
    stems = {note.stem for note in vault.notes.values() if words & set(note.stem.lower().split())}
    return "did you mean " + " or ".join(f'"{stem}"' for stem in sorted(stems)[:3]) + "?" if stems else ""


def _inside(file: Path, root: Path) -> Path:
    if root.resolve() not in file.resolve().parents:
        raise CallError(Problem(str(file), 0, "no-note", f"is not inside the vault {root}"))
    return file


def _with_code(vault: Vault, part: str) -> list[Path]:
    """Files of the notes below `part` that show Python, and of those that cannot be read."""
    shown = [
        path
        for path, note in vault.notes.items()
        if any(fence.is_python and not fence.hidden for fence in note.scan.fences)
    ]
    return [vault.root / path for path in sorted([*shown, *unread(vault)]) if path.startswith(part)]
