"""Problems that the build of a vault's site would stop at, besides those of the lint.

Pages that may have one are told cheaply (`suspects`), and staged as the build stages them; formulas are
read by KaTeX, those of notes that have not changed since never again (`formulas`). Left to the build alone: a
page at which our own code fails, an engine module that is no Python, and what MkDocs itself says.
"""

from importlib import import_module
from pathlib import Path

from vaultkit.check.properties import is_house
from vaultkit.check.vault import in_files
from vaultkit.errors import Problem
from vaultkit.site.paths import LANGUAGES, Language, Layout
from vaultkit.site.refused.suspects import suspects
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import Vault


def refused(vault: Vault) -> list[Problem]:
    """The problems, by path and line; none for a vault that is neither Kvist's nor built by its tools."""
    built = is_built(vault.root)
    if not built and not is_house(vault):
        return []
    sitemap = SiteMap.of(vault)
    found = [problem for problem in sitemap.problems if built or problem.code != "no-home"]
    halves: list[Language] = list(dict.fromkeys(sitemap.spoken(language) for language in LANGUAGES))
    for language in halves:
        pages, files = suspects(sitemap, language)
        if pages or files:  # what stages them is dear to import
            staging = import_module("vaultkit.site.refused.staging")
            found += staging.problems(sitemap, language, pages, files)
    formulas = import_module("vaultkit.site.refused.formulas")
    found += in_files(vault, formulas.problems(sitemap))
    return sorted(set(found), key=lambda problem: (problem.path, problem.line, problem.code, problem.message))


def is_built(root: Path) -> bool:
    """True if this folder is the vault of a project whose site our tools build."""
    layout = Layout(root.resolve().parent)
    try:
        config = layout.config("en").read_text("utf-8")
    except (OSError, ValueError):
        return False
    return layout.vault == root.resolve() and "vaultkit" in config
