"""Where the site will stand and what it calls itself: what `mkdocs.yml` says, as the outputs need it."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from vaultkit.site.paths import Language

_AT_HOME = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


@dataclass(frozen=True, slots=True)
class Place:
    """`root` is the site's address with a slash at its end, "" if none is given: then links are relative."""

    language: Language
    name: str
    description: str
    root: str = ""
    author: str = ""
    words: Language | None = None  # the language of its pages if that is another

    @property
    def spoken(self) -> Language:
        return self.words or self.language

    @property
    def up(self) -> str:
        """From the files at this language's root to the site's root."""
        return self.root or ("" if self.language == "en" else "../")

    def home(self, language: Language) -> str:
        """The root of a language, as seen from files at this language's root."""
        if self.root:
            return self.root + ("zh/" if language == "zh" else "")
        if language == self.language:
            return ""
        return "zh/" if language == "zh" else "../"

    def link(self, url: str, language: Language | None = None) -> str:
        """Address of a page or file by its path below a language's root."""
        return (self.home(language or self.language) + quote(url)) or "./"


def is_published(address: str) -> bool:
    """True for an address that others can open."""
    return bool(address) and urlsplit(address).hostname not in (*_AT_HOME, None)
