"""Which notes explain which names: the note of that name, and notes whose prose speaks of it in code marks.

`kvist.ops.softmax` and `ops.softmax(x)` in a sentence mean the operator; a bare word counts only in a note
that also runs or imports the name, for `line` or `sample` may be something else. `RadixCache.insert` means
the method. Stubs explain nothing.
"""

import re
from functools import partial

from vaultkit.api.names import Engine
from vaultkit.memo import Memo
from vaultkit.note import Note
from vaultkit.vault import Vault

_CALL = re.compile(r"\(.*\)$", re.DOTALL)
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def explained(
    vault: Vault, engine: Engine, touched: dict[str, set[str]], memo: Memo | None = None
) -> dict[str, list[str]]:
    """{public path of a name or method: paths of notes}; `touched`: the names that a note's code mentions;
    memo: keeps what was found in a note, for the same engine.
    """
    memo = memo or Memo()
    endings = _endings(engine)
    found: dict[str, list[str]] = {}
    for path, note in sorted(vault.notes.items()):
        names = partial(_names, note, engine, endings, touched.get(path, set()))
        for name in memo.of("explained", note, names):
            found.setdefault(name, []).append(path)
    return found


def _names(note: Note, engine: Engine, endings: dict[str, set[str]], touched: set[str]) -> list[str]:
    """What one note explains, sorted."""
    if note.is_stub:
        return []
    names = {name for word in _words(note) for name in _meant(word, endings, touched)}
    return sorted(names | _titled(note, engine))


def _endings(engine: Engine) -> dict[str, set[str]]:
    """Public paths by each ending that may stand for them: `softmax`, `ops.softmax`, `kvist.ops.softmax`."""
    found: dict[str, set[str]] = {}
    for path in engine.names:
        parts = path.split(".")
        for start in range(len(parts)):
            found.setdefault(".".join(parts[start:]), set()).add(path)
    for path in engine.methods:
        parts = path.split(".")
        for start in range(len(parts) - 1):
            found.setdefault(".".join(parts[start:]), set()).add(path)
    return found


def _meant(word: str, endings: dict[str, set[str]], touched: set[str]) -> set[str]:
    paths = endings.get(word, set())
    if "." not in word:
        paths = paths & touched
    return paths if len(paths) == 1 else set()


def _words(note: Note) -> set[str]:
    """What stands in code marks in the prose, calls without their arguments."""
    found = set()
    for number in note.scan.text_lines():
        line = note.scan.lines[number - 1]
        for span in note.scan.covered(number):
            if span.kind == "code":
                text = _CALL.sub("", line[span.start : span.end].strip("`").strip())
                if _PATH.fullmatch(text):
                    found.add(text)
    return found


def _titled(note: Note, engine: Engine) -> set[str]:
    """Names that are called as the note is, or stand in a module that is: `RMSNorm` and `rms_norm`."""
    title = _plain(note.stem)
    return {
        path
        for path, name in engine.names.items()
        if title in (_plain(name.name), _plain(name.defined.split(".")[-2]))
    }


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
