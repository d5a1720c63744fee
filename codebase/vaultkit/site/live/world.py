"""All that pages are made from at one moment; the next moment is read from it, not from nothing."""

from dataclasses import dataclass, field
from functools import cached_property, partial

from vaultkit.api.coverage import Coverage, coverage, engine_of
from vaultkit.api.names import Engine
from vaultkit.backlinks import Backlink, backlinks
from vaultkit.bases.index import Index
from vaultkit.memo import Memo
from vaultkit.naming import endings_of, may_name
from vaultkit.site.anchors import Anchors
from vaultkit.site.in_lists import Place, places
from vaultkit.site.paths import LANGUAGES, Language, Layout
from vaultkit.site.results import Results, Verdict
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import Vault


@dataclass
class World:
    """`vault` holds private notes too, which `sitemap` and its vault do not know. `texts` and `links` keep
    what was found in notes: `links` (where their links lead) while no file has come or gone that one of them
    may name.
    """

    vault: Vault
    sitemap: SiteMap
    api: Coverage
    verdicts: dict[str, Verdict | None]
    backlinks: dict[Language, dict[str, list[Backlink]]]
    places: dict[str, list[Place]]
    links: Memo
    texts: Memo
    files: dict[str, list[object]] = field(default_factory=dict)  # fingerprints of the engine's and of data

    @classmethod
    def load(cls, layout: Layout, before: "World | None" = None, engine: Engine | None = None) -> "World":
        """Read what has changed since `before`; engine: its names, read anew if None."""
        texts = before.texts if before and engine is not None else Memo()
        whole = Vault.load(layout.vault, before.vault if before else None)
        sitemap = SiteMap.of(whole, memo=texts)
        vault = sitemap.vault
        links_of = before.links if before else Memo()
        if before and (changed := _names(before.sitemap.vault) ^ _names(vault)):
            endings = endings_of(name for name, _ in changed)
            links_of.forget(note for note in vault.notes.values() if may_name(note, endings))
        known = before.files if before else {}
        results = Results(layout.vault, known)
        api = coverage(vault, engine or engine_of(layout.vault), texts)
        links = {language: backlinks(vault, language, links_of, texts) for language in LANGUAGES}
        verdicts = {path: results.verdict(path) for path in results.entries if path in vault.notes}
        world = cls(whole, sitemap, api, verdicts, links, places(sitemap), links_of, texts, known)
        if before and before.asked():  # what was asked once is compared from then on
            _ = world.index
        return world

    @cached_property
    def index(self) -> Index:
        """What bases ask, for all files; made when it is asked for."""
        vault = self.sitemap.vault
        index = Index(vault)
        for path in sorted(vault.files):
            note, entry = vault.note(path), partial(index.entry, path)
            index.entries[path] = self.links.of("entry", note, entry) if note else entry()
        return index

    def asked(self) -> bool:
        """True if `index` has been made."""
        return "index" in self.__dict__

    def anchors(self, path: str) -> Anchors:
        """The anchors of a note; its pair has a part in them."""
        return self.sitemap.anchors(self.sitemap.vault.notes[path])

    def pair(self, path: str) -> list[str]:
        """The paths of the notes that share a page with this one, itself among them."""
        page = self.sitemap.page_of(path)
        return list(page.notes.values()) if page else []


def _names(vault: Vault) -> set[tuple[str, bool]]:
    """What links can lead to, and whether it is hidden."""
    return {(path, False) for path in vault.files} | {(path, True) for path in vault.hidden}
