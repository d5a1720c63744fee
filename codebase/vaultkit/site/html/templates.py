"""The theme's templates, read once, without the white space that only makes them easy to read."""

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from jinja2.ext import Extension
from mkdocs.theme import Theme

from vaultkit.site.paths import HERE

_THEME = HERE / "theme"
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


class Compact(Extension):
    """Takes the indentation out of our own templates; scripts that stand in them stay as they are."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        ours = filename and filename.endswith(".html") and _THEME in Path(filename).resolve().parents
        return _INDENT.sub("", source) if ours else source


class Loader(FileSystemLoader):
    """Lists no hidden folder: Material has ten thousand icons in one, none of which MkDocs would take."""

    def list_templates(self) -> list[str]:
        found: set[str] = set()
        for top in map(str, self.searchpath):
            for folder, folders, files in os.walk(top):
                folders[:] = [name for name in folders if not name.startswith(".")]
                place = Path(folder).relative_to(top)
                found |= {(place / name).as_posix() for name in files}
        return sorted(found)


def make_quick(theme: Theme) -> None:
    """Let the theme make environments of this kind."""
    theme.get_env = partial(_environment, theme, theme.get_env)  # type: ignore[method-assign]


def _environment(theme: Theme, make: Callable[[], Environment]) -> Environment:
    environment = make()
    environment.loader = Loader(theme.dirs)
    environment.add_extension(Compact)
    environment.trim_blocks = environment.lstrip_blocks = True
    return environment
