"""Guards the 13 types of callouts and their 14 aliases: each has its class, its title and a style."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from vaultkit.site.context import Context
from vaultkit.site.transforms import to_markdown, transform

ASSETS = Path(__file__).parents[2] / "codebase" / "vaultkit" / "site" / "theme" / "assets" / "css"
TYPES: dict[str, tuple[str, ...]] = {
    "note": (), "info": (), "todo": (), "bug": (), "example": (), "abstract": ("summary", "tldr"),
    "tip": ("hint", "important"), "success": ("check", "done"), "question": ("help", "faq"),
    "warning": ("caution", "attention"), "failure": ("fail", "missing"), "danger": ("error",),
    "quote": ("cite",),
}  # fmt: skip
NAMES = [(name, kind) for kind, aliases in TYPES.items() for name in (kind, *aliases)]


def test_thirteen_types_and_fourteen_aliases() -> None:
    assert len(TYPES) == 13 and len(NAMES) == 27


@pytest.mark.parametrize(("name", "kind"), NAMES)
@pytest.mark.parametrize("write", [str, str.upper, str.title])
def test_each_name_is_its_type(
    name: str, kind: str, write: Callable[[str], str], context_of: Callable[..., Context]
) -> None:
    text = f"> [!{write(name)}]\n> body\n"
    context = context_of(text)
    made = to_markdown(transform(text, context), context)
    assert re.search(rf"\[!{kind}[\]|]|admonition {kind}\b", made), made
    assert name.capitalize() in made


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_has_a_style_of_ours_or_of_the_theme(kind: str) -> None:
    ours = "".join(file.read_text("utf-8") for file in ASSETS.glob("*.css"))
    known = {"note", "abstract", "info", "tip", "success", "question", "warning", "failure", "danger", "bug",
             "example", "quote"}  # fmt: skip
    assert kind in known or f".admonition.{kind}" in ours


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("![250](https://e.org/a.png)", 'width="250"'),
        ("![alt|100x50](https://e.org/a.png)", 'width="100" height="50"'),
        ("![alt|100](https://e.org/a.png)", 'width="100"'),
    ],
)
def test_a_picture_of_another_host_has_its_size_in_an_export(
    written: str, size: str, context_of: Callable[..., Context]
) -> None:
    """Kvist's own site asks no other host: there it is a link, and the lint says so."""
    context = context_of(written)
    assert to_markdown(transform(written + "\n", context), context).strip() == written[1:]
    context = context_of(written)
    context.sitemap.plain = True
    assert size in to_markdown(transform(written + "\n", context), context)
