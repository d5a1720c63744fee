"""A few pages and files through the build's own staging, for what it says of them."""

from vaultkit.api.coverage import Coverage
from vaultkit.api.names import Engine
from vaultkit.errors import Problem
from vaultkit.site.compose import Inputs
from vaultkit.site.paths import Language
from vaultkit.site.results import Results
from vaultkit.site.sitemap import SiteMap
from vaultkit.site.stage import attachment, steps


def problems(sitemap: SiteMap, language: Language, pages: set[str], files: set[str]) -> list[Problem]:
    """What staging says of the pages of these keys, and of these files."""
    inputs = Inputs({}, Results(sitemap.vault.root))
    wanted = {f"note {key}" for key in pages}
    found = []
    for name, step in steps(sitemap, language, inputs, Coverage(Engine(""))):
        if name in wanted:
            found += step().problems
    for path in sorted(files):
        found += attachment(sitemap.vault, path).problems
    return found
