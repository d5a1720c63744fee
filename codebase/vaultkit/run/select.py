"""Which notes a command means: `"KV cache"` is the pair, a path that file, nothing all with code."""

from pathlib import Path

from vaultkit import place
from vaultkit.errors import Problem, VaultError
from vaultkit.pairs import canonical, pair_of
from vaultkit.resolve import resolve
from vaultkit.vault import Vault


def select(names: list[str], root: Path | None = None) -> tuple[Path, list[Path]]:
    """(vault, note files) for names of notes, note files or folders. Raises VaultError for one that is
    unknown.

    Without names: every note that holds Python fences. A single name that is a folder is the vault itself.
    """
    if len(names) == 1 and Path(names[0]).is_dir():
        root, names = Path(names[0]), []
    files = [Path(name) for name in names if name.endswith(".md") and Path(name).is_file()]
    if root is None:
        root = place.vault_of(files[0]) if files else place.default_vault()
    if files and len(files) == len(names):
        return root, [_inside(file, root) for file in files]
    vault = Vault.load(root)
    if not names:
        return root, [root / path for path in sorted(vault.notes) if _has_code(vault, path)]
    found: list[Path] = []
    for name in names:
        file = Path(name)
        named = [_inside(file, root)] if file in files else [root / path for path in named_notes(vault, name)]
        found += [note for note in named if note not in found]
    return root, found


def named_notes(vault: Vault, name: str) -> list[str]:
    """Paths of the note `name` and its translation; only that one if `name` is a path in the vault."""
    if name in vault.notes:
        return [name]
    path = resolve(vault, name, "").path or vault.by_alias.get(name.lower())
    if path not in vault.notes:
        raise VaultError(Problem(name, 0, "no-note", "is not a note of this vault", _near(vault, name)))
    other = pair_of(vault, path)
    return [path] if other is None or path != canonical(path) else [path, other]


def _near(vault: Vault, name: str) -> str:
    words = set(name.lower().split())
    stems = {note.stem for note in vault.notes.values() if words & set(note.stem.lower().split())}
    return "did you mean " + " or ".join(f'"{stem}"' for stem in sorted(stems)[:3]) + "?" if stems else ""


def _inside(file: Path, root: Path) -> Path:
    if root.resolve() not in file.resolve().parents:
        raise VaultError(Problem(str(file), 0, "no-note", f"is not inside the vault {root}"))
    return file


def _has_code(vault: Vault, path: str) -> bool:
    return any(fence.is_python and not fence.hidden for fence in vault.notes[path].scan.fences)
