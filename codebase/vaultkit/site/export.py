"""Any vault as plain Markdown with a `mkdocs.yml`: what MkDocs or Zensical builds without anything of ours.

Nothing of the vault is changed and none of its code is run. One tree if no note has a translation beside it,
else one for each language.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

from vaultkit.errors import Problem
from vaultkit.note import parse_note
from vaultkit.resolve import is_hidden, resolve
from vaultkit.site.assets import export_assets
from vaultkit.site.context import Context
from vaultkit.site.export_config import config
from vaultkit.site.export_write import former, write
from vaultkit.site.pages.front import front_page, section_file
from vaultkit.site.pages.sections import section_title, sections
from vaultkit.site.paths import LANGUAGES, Language
from vaultkit.site.results import Results
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.site.stage import Staged, stage
from vaultkit.site.titles import FILE as TITLES
from vaultkit.vault import Vault

_REPORTED = frozenset({"unreadable", "unrenderable", "encoding", "front-matter", "notebook", "not-written"})


class Unresolved(NamedTuple):
    """How many links and embeds name nothing that is in the vault."""

    links: int
    embeds: int

    def __str__(self) -> str:
        parts = [f"{number} {word}{'s' * (number != 1)}"
                 for number, word in ((self.links, "link"), (self.embeds, "embed")) if number]  # fmt: skip
        return " and ".join(parts) + (" leads" if sum(self) == 1 else " lead") + " nowhere"


NONE = Unresolved(0, 0)


@dataclass
class Export:
    """What was written: `pages` of the vault, `files` in all, what could not be read or rendered, and which
    links lead nowhere.
    """

    languages: list[Language]
    pages: int
    files: int
    problems: list[Problem] = field(default_factory=list)
    unresolved: Unresolved = NONE


def export(vault_folder: Path, out: Path) -> Export:
    """Write the vault's export into `out`. Raises VaultError if there is no vault, or `out` is in use."""
    old = former(out, vault_folder)
    vault = Vault.load(vault_folder)
    sitemap = SiteMap.of(vault, plain=True)
    paired = any(len(page.notes) > 1 for page in sitemap.pages.values())
    languages: list[Language] = list(LANGUAGES) if paired else [_language(sitemap)]
    if languages == ["zh"]:  # then a note is Chinese whatever its file is called
        sitemap = SiteMap.of(vault, plain=True, chinese=True)
    problems = [*vault.problems, *(p for note in vault.notes.values() for p in note.problems)]
    files: dict[str, bytes] = {}
    name = site_name(vault_folder)
    for language in languages:
        staged = stage(sitemap, language, Results(vault.root))
        problems += staged.problems
        _finish(staged, sitemap, name)
        docs = f"docs/{language}" if paired else "docs"
        files |= {f"{docs}/{path}": content for path, content in staged.files.items()}
        first = language == languages[0]
        alternate: dict[Language, str] = {"en": "/", "zh": "/zh/"} if paired else {}
        text = config(
            name,
            language,
            docs,
            "site" if first else f"site/{language}",
            _nav(staged, sitemap, name),
            [path for path in _SCRIPTS if path in staged.files],
            alternate,
        )
        files["mkdocs.yml" if first else f"mkdocs.{language}.yml"] = text.encode()
    problems += write(files, out, old)
    found = {p for p in problems if p.code in _REPORTED and p.severity == "error"}
    shown = sorted(found, key=lambda p: (p.path, p.line, p.code, p.message))
    pages = len(sitemap.pages) + len(sitemap.files)
    return Export(languages, pages, len(files), shown, _unresolved(sitemap.vault))


def site_name(vault_folder: Path) -> str:
    """The name of the site of which the vault is the source, as the `mkdocs.yml` beside it says; else that of
    its folder.
    """
    folder = vault_folder.resolve()
    try:
        text = (folder.parent / "mkdocs.yml").read_text("utf-8")
        said = yaml.safe_load("\n".join(re.findall(r"^(?:site_name|docs_dir):.*", text, re.MULTILINE))) or {}
        if (folder.parent / str(said.get("docs_dir", "docs"))).resolve() == folder and said.get("site_name"):
            return str(said["site_name"])
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        pass  # then it is not ours to understand
    return folder.name or "Vault"


_SCRIPTS = ("assets/katex/katex.min.css", "assets/katex/katex.min.js", "assets/formulas.js")


def _language(sitemap: SiteMap) -> Language:
    """The language of a vault without pairs: Chinese if most of its letters are."""
    sample = "".join(note.text[:2000] for note in list(sitemap.vault.notes.values())[:200])
    letters = [char for char in sample if char.isalpha()]
    han = sum("\u4e00" <= char <= "\u9fff" for char in letters)
    return "zh" if han * 4 > len(letters) > 0 else "en"


def _unresolved(vault: Vault) -> Unresolved:
    """Of published notes; links to what is not published are meant to be text."""
    kinds = [
        link.kind == "embed"
        for note in vault.notes.values()
        for link in note.links
        if not resolve(vault, link.target, note.path).path and not is_hidden(vault, link.target, note.path)
    ]
    return Unresolved(kinds.count(False), kinds.count(True))


def _finish(staged: Staged, sitemap: SiteMap, name: str) -> None:
    """A front page if the vault has none, style and scripts; without what only our own site reads."""
    staged.files.pop(TITLES, None)
    if "index.md" not in staged.files:
        context = Context(sitemap, staged.language, Page("", "index", {}), parse_note("", ""))
        text = "\n".join(front_page(context, name)) + "\n"
        staged.files["index.md"] = text.encode("utf-8", "replace")
    staged.files |= export_assets(formulas=bool(staged.formulas))


def _nav(staged: Staged, sitemap: SiteMap, name: str) -> list[tuple[str, str]]:
    """The front page and the folders: the pages themselves are reached by links and search."""
    context = Context(sitemap, staged.language, Page("", "index", {}), parse_note("", ""))
    nav = [(unicodedata.normalize("NFC", name), "index.md")]
    for section in sections(context):
        if section_file(context, section) in staged.files:
            nav.append((section_title(context, section), section_file(context, section)))
    return nav
