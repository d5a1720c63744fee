"""From a page to its note: the address where it is edited, and the one that opens it in Obsidian."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote, urljoin


def edit_address(settings: Mapping[str, object], path: str) -> str:
    """By `edit_uri_template`, or `repo_url` and `edit_uri`, of mkdocs.yml; "" where neither is set.

    They lead to the vault: `edit/main/vault/`. MkDocs' own guess of `edit_uri` is left alone, as it guesses
    the folder too. A template knows `{path}`, `{path_noext}` and, percent-encoded, `{path!q}` and
    `{path_noext!q}`.
    """
    template, edit = settings.get("edit_uri_template"), settings.get("edit_uri")
    repository = str(settings.get("repo_url") or "")
    if isinstance(template, str) and template:
        names = {"path": path, "path_noext": str(PurePosixPath(path).with_suffix(""))}
        filled = template
        for name, value in names.items():
            filled = filled.replace(f"{{{name}!q}}", quote(value, safe="")).replace(
                f"{{{name}}}", quote(value)
            )
        return _web(urljoin(repository, filled))
    if not isinstance(edit, str) or not edit:
        return ""
    if not edit.startswith(("?", "#")):
        repository, edit = repository.rstrip("/") + "/", edit.rstrip("/") + "/"
    return _web(urljoin(repository, edit) + quote(path))


def set_by_user(configs: Sequence[Mapping[str, object]], values: Mapping[str, object]) -> dict[str, object]:
    """The settings that `edit_address` reads, those that the author has written himself."""
    written = {key for config in configs for key in config}
    return {key: values[key] for key in ("repo_url", "edit_uri", "edit_uri_template") if key in written}


def obsidian_address(vault: str, path: str) -> str:
    """What opens a note in Obsidian on a machine with a vault of this name."""
    return f"obsidian://open?vault={quote(vault, safe='')}&file={quote(path.removesuffix('.md'), safe='')}"


def _web(address: str) -> str:
    return address if address.startswith(("https://", "http://", "/")) else ""
