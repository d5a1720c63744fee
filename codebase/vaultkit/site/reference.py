"""The API reference among the site's pages: which room has which page, which name which address."""

from vaultkit.api.names import Engine, Member, Name, Room
from vaultkit.site.sitemap import Page

SECTION = "api"
SOURCES = "source/"  # pages of source files, whose text is English


def page_of(room: str) -> Page:
    """The page of a room: `kvist.cache` -> `api/cache`."""
    return Page("", f"{SECTION}/{'-'.join(room.split('.')[1:])}", {})


def source_page(file: str) -> Page:
    """The page of a source file: `codebase/kvist/ops/softmax.py` -> `source/kvist/ops/softmax`."""
    return Page(
        "", SOURCES + file.removeprefix("codebase/").removesuffix(".py").replace("__init__", "init"), {}
    )


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
                for member in engine.members_of(name) if name.kind == "class" else ():
                    method = engine.method(f"{name.path}.{member}")
                    if method:
                        found[f"{path}.{member}"] = found[f"{path}().{member}"] = _address(engine, method)
    return found


def _address(engine: Engine, method: str) -> str:
    owner = engine.names[method.rpartition(".")[0]]
    return f"{page_of(owner.room).url}#{owner.path}.{anchor_of(engine.methods[method])}"
