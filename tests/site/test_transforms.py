"""Each transform against its fixtures: what Obsidian shows must survive, what it hides must go.

A fixture file `fixtures/<transform>.txt` holds cases: a title, the note's text and the Markdown expected,
each ended by a line with one full stop. A title ending in `(zh)` is staged for the Chinese half.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from vaultkit.site import transforms
from vaultkit.site.context import Context
from vaultkit.site.draft import text_of
from vaultkit.site.reader import read
from vaultkit.site.transforms.structure import structure

FOLDER = Path(__file__).parent / "fixtures"
STEPS = {step.__name__: step for step in transforms.LINE_TRANSFORMS}


def cases() -> list[tuple[str, str, str, str]]:
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        parts = file.read_text("utf-8").split("\n.\n")
        for title, text, expected in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
            found.append((file.stem, title.strip(), text + "\n", expected + "\n"))
    return found


def squeeze(text: str) -> str:
    """Runs of blank lines are one to Markdown."""
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    return "\n".join(
        line for i, line in enumerate(lines) if line.strip("> ") or (i and lines[i - 1].strip("> "))
    )


@pytest.mark.parametrize(
    ("name", "title", "text", "expected"), cases(), ids=lambda value: value.split("\n")[0][:40]
)
def test_transform(
    name: str, title: str, text: str, expected: str, context_of: Callable[..., Context]
) -> None:
    context = context_of(text, "zh" if title.endswith("(zh)") else "en")
    if name == "structure":
        result = structure(text)
    elif name == "whole":
        result = transforms.to_markdown(transforms.transform(text, context), context)
    elif name == "read":
        result = text_of(read(text, context), context.stash)
    else:
        context.pipeline = transforms.transform
        result = text_of(STEPS[name](read(text, context), context), context.stash)
    assert squeeze(result) == squeeze(expected)


def test_every_transform_has_fixtures() -> None:
    assert {file.stem for file in FOLDER.glob("*.txt")} >= {*STEPS, "structure", "read"}
