"""The outputs as the hook needs them: what a page's head and foot say, and the files beside the pages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaultkit.site.outputs.cards import card_names, plan
from vaultkit.site.outputs.listing import FILE as LISTING
from vaultkit.site.outputs.listing import Entry, load
from vaultkit.site.outputs.page_links import edit_address, obsidian_address, set_by_user
from vaultkit.site.outputs.place import Place, is_published
from vaultkit.site.outputs.write import write_markdown, write_outputs
from vaultkit.site.paths import Language, Layout


@dataclass(frozen=True, slots=True)
class Outputs:
    """One language's: `root` is the site's address as it is set, `vault` the vault's name in Obsidian, "" for
    no links there.
    """

    place: Place
    root: str
    layout: Layout
    docs: Path
    entries: dict[str, Entry]
    cards: dict[str, str]
    edit: dict[str, Any]
    vault: str

    @classmethod
    def of(cls, config: Any, layout: Layout, root: str, words: Language) -> "Outputs":
        """`config` is MkDocs'; `root` the address of the whole site, "" if none is given; `words` the
        language of this half's pages.
        """
        language: Language = "zh" if config.theme["language"] == "zh" else "en"
        description, author = config.site_description or "", config.site_author or ""
        published = root if is_published(root) else ""
        place = Place(language, config.site_name, description, published, author, words)
        docs = layout.stage(place.language)
        entries = load(docs)
        vault = config.extra.get("obsidian_vault", layout.vault.name)
        written = set_by_user(config.user_configs, config)
        names = card_names(place, entries)
        return cls(place, root, layout, docs, {e.url: e for e in entries}, names, written, str(vault or ""))

    def of_page(self, url: str, path: str) -> dict[str, str]:
        """What a page's template reads; `path` is its note's in the vault, "" for a page without one."""
        entry = self.entries.get(url)
        found = {"k_card": self.cards.get(url) or self.cards.get("", "")}
        if entry and entry.source:
            found["k_markdown"] = entry.source
        if path:
            found["k_edit"] = edit_address(self.edit, path)
            found["k_obsidian"] = obsidian_address(self.vault, path) if self.vault else ""
        return found

    def write(self, site: Path, only: set[str] | None = None) -> list[str]:
        """Write the files into the folder of this language's pages; say what is missing and why. only: write
        what comes of these staged files.
        """
        entries = list(self.entries.values())
        if only is not None and LISTING not in only:
            write_markdown(entries, self.docs, site, only)
            return []
        plan(self.layout, self.place, entries)
        return write_outputs(self.place, self.root, entries, self.docs, site, only)
