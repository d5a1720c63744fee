"""What was written or changed lately, newest first: for feeds and for a list on the front page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from vaultkit.site.paths import Language
from vaultkit.site.sitemap import Page, SiteMap

_NOT_READ = frozenset({"home", "planned-notes", "tracker", "review", "session"})  # kinds that are no reading
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recent:
    """One page. `created` and `changed` are moments in UTC; `is_new`: it has not changed since its first day.

    `created` is None where only the last change is known.
    """

    page: Page
    title: str
    text: str
    created: datetime | None
    changed: datetime

    @property
    def is_new(self) -> bool:
        return self.created is not None and self.created.date() >= self.changed.date()


def recent(sitemap: SiteMap, language: Language, limit: int | None = None) -> list[Recent]:
    """Notes written in this language, the last changed first; planned notes and those without a date not.

    A translation has its own time of change; when it was written says its own file or the other language's.
    """
    found: list[Recent] = []
    for page in sitemap.pages.values():
        kind = str(sitemap.vault.notes[page.note("en")].properties.get("kind", ""))
        if kind in _NOT_READ or not page.url or not page.translated(language) or sitemap.planned(page):
            continue
        created, changed = sitemap.dates[page.note(language)]
        first, last = sitemap.dates[page.note("en")]
        moment = changed or last
        if moment:
            title = sitemap.title(page, language)
            found.append(
                Recent(page, title, sitemap.description(page.note(language)), created or first, moment)
            )
    found.sort(key=lambda item: item.page.slug)
    found.sort(key=lambda item: (item.changed, item.created or _LONG_AGO), reverse=True)
    return found[:limit]
