"""One note, parsed: properties, headings, block ids, links and tags."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from vaultkit import frontmatter
from vaultkit.errors import Problem
from vaultkit.flat_yaml import Text
from vaultkit.languages import ZH_SUFFIXES
from vaultkit.lines import Scan
from vaultkit.links import Link, find_links
from vaultkit.outline import Heading, block_ids, headings, strip_heading
from vaultkit.scan import scan
from vaultkit.tags import inline_tags, property_tags, unique

Language = Literal["en", "zh"]


@dataclass
class Note:
    """A parsed note; `path` is relative to the vault, posix, with `.md` or `.ipynb`. Lines are 1-based.

    What few ask for (links, headings, block ids, tags) is found when it is asked for.
    """

    path: str
    text: str
    scan: Scan
    properties: dict[str, Any]
    texts: list[Text]
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def links(self) -> list[Link]:
        return find_links(self.scan, self.texts)

    @cached_property
    def headings(self) -> list[Heading]:
        return headings(self.scan)

    @cached_property
    def plain_headings(self) -> list[str]:
        """The headings as links are compared with them."""
        return [strip_heading(heading.text) for heading in self.headings]

    @cached_property
    def blocks(self) -> dict[str, int]:
        """Block ids and the line of each."""
        return block_ids(self.scan)

    @cached_property
    def tags(self) -> list[str]:
        listed = property_tags(frontmatter.value_of(self.properties, "tags"))
        return unique(listed + inline_tags(self.scan))

    @property
    def body_line(self) -> int:
        """First line of the body, after the front matter."""
        return self.scan.front_end + 1

    @property
    def lang(self) -> Language:
        return "zh" if self.path.lower().endswith(ZH_SUFFIXES) else "en"

    @property
    def stem(self) -> str:
        """File name without its ending (`.md`, `.zh.md`, `.ipynb`): the English title."""
        name = self.path.rpartition("/")[2].rpartition(".")[0]
        return name[: -len(".zh")] if self.lang == "zh" else name

    @property
    def title(self) -> str:
        """English: the file's name. Chinese: the property `title`, else the file's name."""
        title = self.properties.get("title")
        return title if self.lang == "zh" and isinstance(title, str) and title.strip() else self.stem

    @property
    def is_stub(self) -> bool:
        return self.properties.get("status") == "stub"

    @property
    def is_draft(self) -> bool:
        return self.properties.get("status") == "draft"

    @property
    def aliases(self) -> list[str]:
        value = frontmatter.value_of(self.properties, "aliases")
        if isinstance(value, str):
            return [value]
        items = value if isinstance(value, list) else []
        return [str(item) for item in items if isinstance(item, (str, int, float, date))]


def parse_note(path: str, text: str) -> Note:
    """Parse a note; nothing in `text` makes this raise, what is wrong stands in `problems`."""
    scanned = scan(text)
    properties, texts, problems = frontmatter.read(path, scanned)
    return Note(path, text, scanned, properties, texts, problems)
