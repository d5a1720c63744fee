"""A rename worked out to the last byte, before anything is touched."""

import codecs
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

from vaultkit.errors import Problem, VaultError
from vaultkit.journal import commit
from vaultkit.rename.moves import moves
from vaultkit.rename.settings import json_files, rewrite_json
from vaultkit.rename.style import link_format
from vaultkit.rename.texts import Renaming, rewrite_note
from vaultkit.rename.titles import Title, titles
from vaultkit.terminal import path_here
from vaultkit.vault import Vault


@dataclass
class Plan:
    """`moves` and the new bytes of files (`texts`), by vault path as it is before the rename.

    `old` holds their bytes as they are, `disk` where each path stands on disk, from the vault's root.
    `notices` are worth knowing but no obstacle. `write` does it: all or nothing.
    """

    root: Path
    moves: dict[str, str]
    texts: dict[str, bytes] = field(default_factory=dict)
    old: dict[str, bytes] = field(default_factory=dict)
    disk: dict[str, str] = field(default_factory=dict)
    notices: list[Problem] = field(default_factory=list)

    def diff(self) -> str:
        """What would change, as a unified diff."""
        parts = [f"move {self._here(old)} -> {self._here(new)}\n" for old, new in self.moves.items()]
        for path, new in self.texts.items():
            before, after = (data.decode("utf-8", "replace").splitlines() for data in (self.old[path], new))
            names = self._here(path), self._here(self.moves.get(path, path))
            parts += [f"{row}\n" for row in unified_diff(before, after, *names, n=0, lineterm="")]
        return "".join(parts)

    def _here(self, path: str) -> str:
        return path_here(self.root, path)

    def write(self) -> list[str]:
        """Do it; returns the paths that somebody else changed meanwhile, which stay as they are."""
        texts = {self.disk[path]: (self.old[path], data) for path, data in self.texts.items()}
        return commit(self.root, texts, {self.disk[old]: self.disk[new] for old, new in self.moves.items()})


def plan_rename(vault: Vault, old: str, new: str, *, title: bool = False) -> Plan:
    """Rename the file `old` (a note with its pair) to `new`; with `title` the first heading and the property
    `title` too, where they are the old name. Raises VaultError if that cannot be done.
    """
    found = moves(vault, old, new)
    after = Vault(vault.root, {}, {found.get(path, path) for path in vault.files})
    said = titles(vault, found)
    renaming = Renaming(vault, after, found, link_format(vault.root), titles=said if title else {})
    plan = Plan(vault.root, found)
    seen: set[Path] = set()
    for path, note in sorted({**vault.notes, **vault.templates}.items()):
        real = vault.on_disk(path).resolve()
        text = rewrite_note(note, renaming)
        if text == note.text or real in seen:
            continue
        seen.add(real)  # a note and a link to it are one file
        if any(problem.code == "encoding" and "UTF-8" in problem.message for problem in note.problems):
            hint = "save it as UTF-8 first; nothing was changed"
            raise VaultError(Problem(path, 0, "encoding", "has links to rewrite, but is not UTF-8", hint))
        _add(plan, path, real, text)
    for path, file in json_files(vault):
        _add_json(plan, path, file, renaming)
    _notices(plan, vault, renaming)
    for path, places in said.items() if not title else ():
        plan.notices += [_stays(path, place) for place in places]
    for before, path in found.items():
        plan.disk.setdefault(before, vault.on_disk(before).relative_to(vault.root).as_posix())
        plan.disk[path] = _new_on_disk(vault, path)
    return plan


def _new_on_disk(vault: Vault, path: str) -> str:
    """Where a new file goes: into the folder that is there, whatever the Unicode form of its name."""
    folder, _, name = path.rpartition("/")
    for other in vault.disk:
        if folder and other.startswith(folder + "/"):
            relative = vault.on_disk(other).relative_to(vault.root)
            return "/".join([*relative.parts[: folder.count("/") + 1], name])
    return path


def _add(plan: Plan, path: str, real: Path, text: str) -> None:
    old = real.read_bytes()
    mark = codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b""
    plan.old[path], plan.texts[path] = old, mark + text.encode("utf-8")
    plan.disk[path] = real.relative_to(plan.root.resolve()).as_posix()


def _add_json(plan: Plan, path: str, file: Path, renaming: Renaming) -> None:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return
    if renaming.titles and '"subpath"' in text and not path.lower().endswith(".canvas"):
        message = "names places in notes by `subpath`, which stay as they are"
        hint = "look whether one of them is the old name"
        plan.notices.append(Problem(path, 0, "old-title", message, hint, "warning"))
    new = rewrite_json(path, text, renaming)
    if new != text:
        _add(plan, path, file.resolve(), new)


def _stays(path: str, title: Title) -> Problem:
    what = "the heading" if title.is_heading else "the property `title`"
    return Problem(
        path, title.line, "old-title", f"{what} keeps the old name", "--title changes it", "warning"
    )


def _notices(plan: Plan, vault: Vault, renaming: Renaming) -> None:
    for source, link, path in renaming.captured:
        message = f"{link.raw} led nowhere and will lead to {path}"
        plan.notices.append(Problem(source, link.line, "link-resolves", message, severity="warning"))
    names = {path.rsplit("/", 1)[-1].removesuffix(".md") for path in plan.moves}
    for path in sorted(vault.files):
        if not path.lower().endswith(".base"):
            continue
        try:
            lines = vault.on_disk(path).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for number, line in enumerate(lines, 1):
            if any(name in line for name in names):
                message = "names the old note, and Obsidian does not rewrite bases"
                plan.notices.append(
                    Problem(path, number, "base-names-note", message, "look whether to change it", "warning")
                )
