"""The API reference among the site's pages: which room has which page, which name which address."""

from vaultkit.api.names import Engine, Member, Name, Room
from vaultkit.site.sitemap import Page

SECTION = "api"


def page_of(room: str) -> Page:
    """The page of a room: `kvist.cache` -> `api/cache`."""
    return Page("", f"{SECTION}/{'-'.join(room.split('.')[1:])}", {})


def index_page() -> Page:
    return Page("", f"{SECTION}/index", {})


def url_of(room: Room, name: Name | None = None) -> str:
    """Address of a room or of a name in it, relative to the language's root."""
    return page_of(room.path).url + (f"#{name.path}" if name else "")


def anchor_of(member: Member) -> str:
    """Last part of a member's anchor: `call` for `__call__`, as Markdown reads the underscores."""
    return member.name.strip("_")


def addresses(engine: Engine) -> dict[str, str]:
    """Address by path, for whatever code may mention: rooms, names, members, and names where defined."""
    found = {room.path: url_of(room) for room in engine.rooms}
    for room in engine.rooms:
        for name in room.names:
            address = url_of(room, name)
            for path in (name.defined, name.path):
                found[path] = address
                for member in name.members:
                    if member.kind != "field":
                        found[f"{path}.{member.name}"] = f"{address}.{anchor_of(member)}"
    return found
