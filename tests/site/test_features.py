"""What Obsidian shows of each piece of its syntax, as HTML: title, note, HTML, each ended by `.`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vaultkit.site import transforms
from vaultkit.site.context import Context
from vaultkit.structure import _converter

FOLDER = Path(__file__).parent / "features"


def cases() -> list[tuple[str, str, str]]:
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        parts = file.read_text("utf-8").split("\n.\n")
        for title, text, expected in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
            found.append((f"{file.stem}: {title.strip()}", text + "\n", expected.strip()))
    return found


@pytest.mark.parametrize(("title", "text", "expected"), cases(), ids=lambda value: value.split("\n")[0][:60])
def test_a_feature_looks_as_in_obsidian(
    title: str, text: str, expected: str, context_of: Callable[..., Context]
) -> None:
    context = context_of(text)
    staged = transforms.to_markdown(transforms.transform(text, context), context)
    assert _converter().reset().convert(staged).strip() == expected


def test_every_row_has_cases() -> None:
    assert len(cases()) >= 55
