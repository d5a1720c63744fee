"""Guards reading lists: what is an item, what comes next and why, and the counts."""

import pytest

from vaultkit.errors import VaultError
from vaultkit.lists.budget import fill
from vaultkit.lists.items import read_items
from vaultkit.lists.reading import next_items, progress, reading_lists
from vaultkit.note import parse_note
from vaultkit.vault import Vault

FRONT = "---\nkind: reading-list\naliases: [清单]\n---\n"
LIST = FRONT + (
    "# L\n\n"
    "- [ ] [Base](https://a.org/a_(b)) [priority:: P2] [minutes:: 20] [[Base note]] its code: `- [ ] [x](https://x.org)`\n"
    "- [ ] [Deep](https://b.org) [priority:: P1] [minutes:: 60] [[Deep note|x]] [after:: [[Base note]]]\n"
    "1. [x] [Done](https://c.org) [priority:: new] [minutes:: 7] [[Done note]]\n"
    "- [ ] [After done](https://d.org) [minutes:: 5] [after:: [[Done note]]]\n"
    "- [ ] [Own](https://e.org) [[Own note]] [after:: [[Own note]]]\n"
    "- [ ] [Short](https://f.org) [priority:: P2] [minutes:: 10]\n"
    "- [ ] a to-do without a link\n"
    "- [ ] a to-do with [[Base note]]\n"
    "- no task [X](https://x.org)\n\n```\n- [ ] [code](https://x.org)\n```\n"
)
NOTES = {f"{name} note.md": "" for name in ("Base", "Deep", "Done", "Own")}


def titles(root, name: str = "") -> list[tuple[str, bool]]:
    vault = Vault.load(root)
    return [(c.entry.item.title, bool(c.waits_for)) for c in next_items(vault, reading_lists(vault, name))]


def test_items() -> None:
    items, problems = read_items(parse_note("L.md", LIST))
    assert problems == []
    assert [item.title for item in items] == ["Base", "Deep", "Done", "After done", "Own", "Short"]
    first, second = items[:2]
    assert (first.line, first.column, first.url) == (7, 3, "https://a.org/a_(b)")
    assert (first.priority, first.minutes, first.feeds, first.after) == ("P2", 20, ("Base note",), ())
    assert (second.feeds, second.after) == (("Deep note",), ("Base note",))
    assert [item.done for item in items] == [False, False, True, False, False, False]


def test_next_is_ready_then_priority_then_least_time(make_vault) -> None:
    root = make_vault({"L.md": LIST, **NOTES})
    assert titles(root) == [
        ("Short", False), ("Base", False), ("After done", False), ("Own", False), ("Deep", True),
    ]  # fmt: skip


def test_ticking_what_feeds_a_note_unblocks_what_waits_for_it(make_vault) -> None:
    root = make_vault({"L.md": LIST.replace("- [ ] [Base]", "- [x] [Base]"), **NOTES})
    assert titles(root)[0] == ("Deep", False)


def test_mastery_of_a_note_unblocks_too(make_vault) -> None:
    root = make_vault({"L.md": LIST, **NOTES, "Base note.md": "---\nmastery: learning\n---\n"})
    assert titles(root)[0] == ("Deep", False)
    root = make_vault({"Base note.md": "---\nmastery: none\n---\n"})
    assert titles(root)[-1] == ("Deep", True)


def test_another_list_can_teach(make_vault) -> None:
    other = FRONT.replace("清单", "别的") + "- [x] [Elsewhere](https://g.org) [[Base note]]\n"
    root = make_vault({"L.md": LIST, "M.md": other, **NOTES})
    assert titles(root, "L")[0] == ("Deep", False)
    assert titles(root, "M") == []


def test_why(make_vault) -> None:
    vault = Vault.load(make_vault({"L.md": LIST, **NOTES}))
    whys = {c.entry.item.title: c.why for c in next_items(vault, reading_lists(vault))}
    assert whys["Short"] == "priority P2; 10 minutes; needs nothing before it"
    assert whys["After done"] == "no priority; 5 minutes; builds on Done note"
    assert whys["Deep"] == "priority P1; 60 minutes; waits for Base note"


def test_progress_and_names(make_vault) -> None:
    vault = Vault.load(make_vault({"a/L.md": LIST, "a/L.zh.md": "", **NOTES}))
    for name in ("L", "l", "a/L.md", "清单"):
        (note,) = reading_lists(vault, name)
        row = progress(note)
        assert (row.done, row.total, row.minutes_left, row.minutes_total) == (1, 6, 95, 102)
    with pytest.raises(VaultError, match="lists here: L"):
        reading_lists(vault, "Base note")
    with pytest.raises(VaultError):
        reading_lists(vault, "nothing")


def test_a_note_to_read_waits_for_what_it_builds_on(make_vault) -> None:
    items = "- [ ] [Teach](https://t.org) [[Ground]]\n- [ ] [[House]] [minutes:: 20]\n"
    notes = {"Ground.md": "", "House.md": '---\nprerequisites: ["[[Ground]]"]\n---\n'}
    root = make_vault({"L.md": FRONT + items, **notes})
    assert titles(root) == [("Teach", False), ("House", True)]
    root = make_vault({"L.md": FRONT + items.replace("[ ] [Teach]", "[x] [Teach]")})
    assert titles(root) == [("House", False)]


def test_what_fits_into_the_time(make_vault) -> None:
    lines = [f"- [ ] [{m}](https://m.org/{m}) [minutes:: {m}]" for m in (30, 20, 25, 40)]
    root = make_vault({"L.md": FRONT + "\n".join([*lines, "- [ ] [never](https://m.org/n)"])})
    vault = Vault.load(root)
    choices = next_items(vault, reading_lists(vault))
    assert [c.entry.item.title for c in fill(choices, 50)] == ["20", "25"]
    assert fill(choices, 10) == []
