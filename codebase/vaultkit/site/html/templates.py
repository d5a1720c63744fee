"""The theme's templates without the white space that only makes them easy to read."""

import re
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import Extension

from vaultkit.site.paths import HERE

_THEME = HERE / "theme"
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


class Compact(Extension):
    """Takes the indentation out of our own templates; scripts that stand in them stay as they are."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        ours = filename and filename.endswith(".html") and _THEME in Path(filename).resolve().parents
        return _INDENT.sub("", source) if ours else source


def compact(environment: Environment) -> Environment:
    """To be called before a template is read."""
    environment.add_extension(Compact)
    environment.trim_blocks = environment.lstrip_blocks = True
    return environment
