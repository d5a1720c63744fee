"""Where the site's inputs, caches and outputs live; every other module asks here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vaultkit import place

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders of one project; `root` holds `mkdocs.yml` and `vault/`."""

    root: Path

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "kvist"

    @property
    def results(self) -> Path:
        """What the note runner last saw; the badge on a page comes from here alone."""
        return place.cache_folder(self.vault) / "results.json"

    @property
    def math(self) -> Path:
        return self.cache / "math"

    @property
    def site(self) -> Path:
        """The finished site; English at its root, Chinese under `zh`."""
        return self.root / "site"

    def published(self, language: Language) -> Path:
        """One language's half of the finished site."""
        return self.site / "zh" if language == "zh" else self.site

    def stage(self, language: Language) -> Path:
        """The staged tree of plain Markdown, an ordinary `docs_dir`."""
        return self.cache / "stage" / language

    def html(self, language: Language) -> Path:
        """Where one language is built before it is published, so that a failed build leaves `site` alone."""
        return self.cache / "html" / language

    def config(self, language: Language) -> Path:
        return self.root / ("mkdocs.yml" if language == "en" else "mkdocs.zh.yml")


def find_root(start: Path | None = None) -> Path:
    """The nearest folder, from `start` (default: the current folder) upwards, that holds a `mkdocs.yml`."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "mkdocs.yml").is_file():
            return folder
    return here
