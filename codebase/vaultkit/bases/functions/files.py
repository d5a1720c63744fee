"""Functions of files and of links."""

from typing import Any

from vaultkit.bases.functions.common import Evaluator, Function, strict
from vaultkit.bases.values import File, Link, text


def path_of(evaluator: Evaluator, value: Any) -> str | None:
    """The file that a file, a link, or a text (a path or a link's text) means."""
    if isinstance(value, (File, Link)):
        return value.path
    return (
        evaluator.index.link(value, evaluator.entry.path).path if isinstance(value, str) and value else None
    )


def _has_link(evaluator: Evaluator, file: File, other: Any) -> bool:
    entry = evaluator.index.entries.get(file.path)
    wanted = path_of(evaluator, other)
    evaluator.charge(5)
    if entry is None:
        return False
    links = (*entry.links, *entry.embeds)
    if wanted is None:
        target = text(other).removeprefix("[[").removesuffix("]]").lower()
        return bool(target) and any(link.path is None and link.target.lower() == target for link in links)
    return any(link.path == wanted for link in links)


def _has_tag(evaluator: Evaluator, file: File, *tags: Any) -> bool:
    entry = evaluator.index.entries.get(file.path)
    own = [str(tag).lstrip("#").lower() for tag in entry.tags] if entry else []
    wanted = [text(tag).lstrip("#").lower() for tag in tags]
    return any(tag == name or tag.startswith(name + "/") for tag in own for name in wanted if name)


def _has_property(evaluator: Evaluator, file: File, name: Any) -> bool:
    entry = evaluator.index.entries.get(file.path)
    return entry is not None and entry.properties.has(text(name))


def _in_folder(_: Evaluator, file: File, folder: Any) -> bool:
    inside = text(folder).strip("/").lower()
    return not inside or file.path.lower().startswith(inside + "/")


def _as_file(evaluator: Evaluator, link: Link) -> File | None:
    return File(link.path) if link.path else None


def _links_to(evaluator: Evaluator, link: Link, other: Any) -> bool:
    return bool(link.path) and _has_link(evaluator, File(link.path or ""), other)


def _as_link(evaluator: Evaluator, file: File, display: Any = None) -> Link:
    return Link(file.path, text(display), file.path)


FILE: dict[str, Function] = {
    "asLink": strict(_as_link),
    "hasLink": strict(_has_link),
    "hasTag": strict(_has_tag),
    "hasProperty": strict(_has_property),
    "inFolder": strict(_in_folder),
}
LINK: dict[str, Function] = {"asFile": strict(_as_file), "linksTo": strict(_links_to)}
