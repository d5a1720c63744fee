"""What a page that is being served says of a block that did not do what its note says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaultkit.pairs import canonical, is_zh, translated
from vaultkit.run.compare import shortened
from vaultkit.run.program import Block
from vaultkit.run.reading import Reading
from vaultkit.site.slugs import page_slug

# Kinds of which the lines that a note shows and those that a block printed can be set side by side.
_SIDES = {"output-missing": ("actual", "+"), "output-stale": ("expected", "-")}
_DIFFERENCE = "output-differs"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One failure. `text` is its line for the terminal, `note` the note's path there. `rows` are lines of a
    difference, each after `-` (what the note shows), `+` (what the block printed), ` ` or `@` (left out), or,
    of an error, where else it came up. The block is the one whose code is `code`, and of several such blocks
    of the note that after `before` others; it is block `block` of `blocks` (0 and "": of none).
    """

    urls: tuple[str, ...]
    note: str
    line: int
    kind: str
    text: str
    message: str
    hint: str
    rows: tuple[str, ...]
    block: int
    blocks: int
    code: str
    before: int


def wrong(root: Path, path: str, failures: list[dict[str, Any]]) -> list[Wrong]:
    """Failures of the note `path` of the vault `root` as `vaultkit run --json` gives them."""
    blocks = Reading(root / path, path).program.blocks
    note, urls = f"{root.name}/{path}", urls_of(root, path)
    found = []
    for failure in failures:
        line, kind, message = failure["line"], failure["kind"], failure["message"]
        number = failure.get("block") or 0
        block = blocks[number - 1] if 0 < number <= len(blocks) else None
        place = f"{note}:{line}" if line else note
        found.append(
            Wrong(
                urls,
                note,
                line,
                kind,
                f"{place}: {kind} {message}",
                message,
                failure.get("hint") or "",
                tuple(_rows(failure)),
                number if block else 0,
                len(blocks),
                block.fence.code if block else "",
                _before(blocks, block),
            )
        )
    return found


def urls_of(root: Path, path: str) -> tuple[str, ...]:
    """Where the site shows a note: at its own address, and at its translation's if there is none."""
    pair = canonical(path) if is_zh(path) else translated(path)
    own = url_of(path)
    return (own,) if (root / pair).is_file() else (own, url_of(pair))


def url_of(path: str) -> str:
    """The address of a note's page: `concepts/KV cache.zh.md` -> `zh/concepts/kv-cache/`."""
    slug = page_slug(canonical(path))
    return ("zh/" if is_zh(path) else "") + ("" if slug == "index" else f"{slug}/")


def _before(blocks: list[Block], block: Block | None) -> int:
    """How many blocks before this one have its code, but for white space."""
    if block is None:
        return 0
    code = "".join(block.fence.code.split())
    return sum("".join(other.fence.code.split()) == code for other in blocks[: block.number - 1])


def _rows(failure: dict[str, Any]) -> list[str]:
    kind, details = failure["kind"], failure.get("details") or []
    if kind in _SIDES:
        key, sign = _SIDES[kind]
        return [sign + row for row in shortened(failure.get(key) or [])]
    if kind == _DIFFERENCE:  # a unified one: two lines of names, then `@@ … @@` before each part
        return ["@" if row.startswith(("@@", "…")) else row for row in details[3:]]
    return list(details)
