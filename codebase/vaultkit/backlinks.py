"""Who links here: the notes that link each note, with the sentence of the link."""

from functools import partial
from typing import NamedTuple

from vaultkit.memo import Memo
from vaultkit.note import Language, Note
from vaultkit.pairs import canonical, pair_of
from vaultkit.resolve import resolve
from vaultkit.sentences import sentence_of
from vaultkit.vault import Vault


class Backlink(NamedTuple):
    source: str  # the linking note's own path
    line: int
    sentence: str


def backlinks(
    vault: Vault, lang: Language = "en", names: Memo | None = None, texts: Memo | None = None
) -> dict[str, list[Backlink]]:
    """Backlinks of each note by its canonical path, in the words of `lang`.

    Pairs count as one note: a source is read in `lang` where that exists, else in the other language; its
    properties, which stand in one file for both, are read in either. Links of a note to itself or to its own
    translation are left out; several links in one sentence count once. Links in properties have the sentence
    "". `texts` keeps the sentences, `names` what was found, while
    the files of the vault have the same names.
    """
    names, texts = names or Memo(), texts or Memo()
    found: dict[str, list[Backlink]] = {}
    for path in sorted(vault.notes):
        source = vault.notes[path]
        elsewhere = source.lang != lang and pair_of(vault, path)
        for target, backlink in names.of("outgoing", source, partial(_outgoing, vault, source, texts)):
            if elsewhere and backlink.sentence:
                continue
            entries = found.setdefault(target, [])
            if all((e.source, e.sentence) != (backlink.source, backlink.sentence) for e in entries[-8:]):
                entries.append(backlink)
    return found


def _outgoing(vault: Vault, source: Note, texts: Memo) -> list[tuple[str, Backlink]]:
    found = []
    sentences: dict[int, str] = texts.of("sentences", source, dict)
    for number, link in enumerate(source.links):
        path = resolve(vault, link.target, source.path).path
        if path not in vault.notes or canonical(path) == canonical(source.path):
            continue
        if number not in sentences:
            sentences[number] = "" if link.kind == "frontmatter" else sentence_of(source.scan, link)
        found.append((canonical(path), Backlink(source.path, link.line, sentences[number])))
    return found
