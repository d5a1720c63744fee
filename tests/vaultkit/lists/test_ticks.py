"""Guards ticking: one character changes, in both languages, and only when it is clear which."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultkit.check.lists import check_lists
from vaultkit.cli import main
from vaultkit.errors import VaultError
from vaultkit.lists.items import read_items, short_id
from vaultkit.lists.milestones import identities
from vaultkit.lists.ticks import tick, tick_ids
from vaultkit.note import parse_note
from vaultkit.vault import Vault

FRONT = "---\nkind: reading-list\n---\n"
ENGLISH = FRONT + (
    "- [ ] [KV caching explained](https://a.org/kv) [minutes:: 10] [[KV cache]]\n"
    "- [ ] [KV cache from scratch](https://a.org/scratch) [minutes:: 10] [[KV cache]]\n"
    "* [ ] [[Softmax]] [minutes:: 20]\n"
    "- [x] [Old](https://a.org/old)\n"
    "## Milestones\n"
    "- [ ] Cache implemented\n"
)
CHINESE = (
    "---\ntitle: 清单\nlang: zh\n---\n"
    "- [ ] [KV 缓存详解](https://a.org/kv) [minutes:: 10] [[KV cache]]\n"
    "- [ ] [从零写 KV 缓存](https://a.org/scratch) [minutes:: 10] [[KV cache]]\n"
    "* [ ] [[Softmax|柔性最大值]] [minutes:: 20]\n"
    "- [x] [旧](https://a.org/old)\n"
    "## 里程碑\n"
    "- [ ] 写出缓存\n"
)
FILES = {"L.md": ENGLISH, "L.zh.md": CHINESE, "KV cache.md": "", "Softmax.md": ""}


@pytest.mark.parametrize(
    "words",
    ["KV caching explained", "kv CACHING explained", "https://a.org/kv", "KV 缓存详解", "caching expl"],
)
def test_any_name_of_an_item_ticks_it_in_both_languages(make_vault, words: str) -> None:
    root = make_vault(FILES)
    (done,) = tick(Vault.load(root), words)
    assert (done.path, done.line, done.changed) == ("L.md", 4, True)
    assert (root / "L.md").read_text("utf-8") == ENGLISH.replace("- [ ] [KV caching", "- [x] [KV caching")
    assert (root / "L.zh.md").read_text("utf-8") == CHINESE.replace(
        "- [ ] [KV 缓存详解", "- [x] [KV 缓存详解"
    )


def test_a_note_and_a_milestone_are_ticked_by_name(make_vault) -> None:
    root = make_vault(FILES)
    tick(Vault.load(root), "Softmax")
    tick(Vault.load(root), "写出缓存")
    text = (root / "L.md").read_text("utf-8")
    assert "* [x] [[Softmax]]" in text and "- [x] Cache implemented" in text
    tick(Vault.load(root), "Softmax", done=False)
    tick(Vault.load(root), "Cache implemented", done=False)
    assert [(root / name).read_text("utf-8") for name in ("L.md", "L.zh.md")] == [ENGLISH, CHINESE]


def test_the_same_reading_is_ticked_in_every_list_and_a_part_of_it_alone(make_vault) -> None:
    other = FRONT + (
        "- [ ] [KV caching  explained](https://a.org/kv) once more\n- [ ] [Section 2](https://a.org/kv)\n"
    )
    root = make_vault({**FILES, "M.md": other})
    ticked = tick(Vault.load(root), "KV caching explained")
    assert [made.path for made in ticked] == ["L.md", "M.md"]
    assert (root / "M.md").read_text("utf-8") == other.replace("[ ] [KV", "[x] [KV")
    assert [made.line for made in tick(Vault.load(root), "Section 2")] == [5]
    with pytest.raises(VaultError, match=r"L.md:4: which-item(.|\n)*M.md:5: which-item.*Section 2"):
        tick(Vault.load(root), "https://a.org/kv")


PARTS = FRONT + (
    "- [ ] [Paper](https://a.org/p) section 1 [minutes:: 5] [[KV cache]]\n"
    "- [ ] [Paper](https://a.org/p) section 2 [minutes:: 5] [[KV cache]]\n"
    "- [ ] [[Softmax#Forward]]\n"
    "- [ ] [[Softmax#Backward]]\n"
)


@pytest.mark.parametrize("line", [4, 5, 6, 7])
def test_items_of_one_list_that_lead_to_the_same_place_but_say_something_else_are_ticked_alone(
    make_vault, line: int
) -> None:
    root = make_vault({"L.md": PARTS, "Softmax.md": "# Forward\n# Backward\n", "KV cache.md": ""})
    item = next(item for item in read_items(Vault.load(root).notes["L.md"])[0] if item.line == line)
    with pytest.raises(VaultError, match=f"L.md:{line}: which-item.*mean {re.escape(item.words)}"):
        tick(Vault.load(root), "Paper" if line < 6 else "Softmax")
    assert [made.line for made in tick(Vault.load(root), item.words)] == [line]
    lines = PARTS.split("\n")
    lines[line - 1] = lines[line - 1].replace("[ ]", "[x]")
    assert (root / "L.md").read_text("utf-8") == "\n".join(lines)
    assert not list(check_lists(Vault.load(root)))


def test_a_tick_kept_for_the_whole_counts_for_its_parts_until_they_have_their_own(make_vault) -> None:
    root = make_vault({"L.md": PARTS})
    first = read_items(Vault.load(root).notes["L.md"])[0][0]
    kept = {"https://a.org/p": True, first.identity: False, "[[softmax]]": True}
    ticked = tick_ids(Vault.load(root), {short_id(name): value for name, value in kept.items()})
    assert [made.line for made in ticked] == [5, 6, 7]


def test_what_is_not_clear_is_refused_and_nothing_is_written(make_vault) -> None:
    root = make_vault(FILES)
    with pytest.raises(VaultError, match=r"L.md:4: which-item.*explained(.|\n)*L.md:5: which-item"):
        tick(Vault.load(root), "KV cach")
    with pytest.raises(VaultError, match="did you mean `KV caching explained`"):
        tick(Vault.load(root), "KV cashing explaned")
    with pytest.raises(VaultError, match="no item named"):
        tick(Vault.load(root), " ")
    stale = Vault.load(root)
    (root / "L.md").write_text(ENGLISH + "- [ ] added meanwhile\n", "utf-8")
    with pytest.raises(VaultError, match="was changed while it was read"):
        tick(stale, "Softmax")
    assert (root / "L.zh.md").read_text("utf-8") == CHINESE


def test_an_item_that_stands_twice_is_ticked_twice_in_one_write(make_vault) -> None:
    text = FRONT + "- [ ] [A](https://a.org/a)\n- [ ] [A](https://a.org/a)\n"
    root = make_vault({"L.md": text})
    assert [made.line for made in tick(Vault.load(root), "A")] == [4, 5]
    assert (root / "L.md").read_text("utf-8") == text.replace("[ ]", "[x]")


def test_a_number_in_front_is_a_name_and_an_address_is_matched_whole(make_vault) -> None:
    items = "- [ ] [1.1 Heads](https://a.org/1.10)\n- [ ] [1.10 More](https://a.org/x1.1)\n"
    root = make_vault({"L.md": FRONT + items})
    assert [made.title for made in tick(Vault.load(root), "1.1")] == ["1.1 Heads"]
    with pytest.raises(VaultError, match="is in no reading list"):
        tick(Vault.load(root), "a.org")


def test_ticks_of_the_site_come_in(make_vault, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_vault(FILES)
    file = tmp_path / "ticks.json"
    ticks = {
        short_id("https://a.org/kv KV caching explained"): "2026-11-22",
        short_id("https://a.org/scratch KV cache from scratch"): "",
        short_id("https://a.org/scratch"): "2026-11-21",
        "unknown": "x",
    }
    file.write_text(json.dumps({"version": 1, "ticks": ticks}))
    assert main(["done", "--import", str(file), "--vault", str(root)]) == 0
    assert capsys.readouterr().out.startswith("done: KV caching explained")
    text = (root / "L.md").read_text("utf-8")
    assert text == ENGLISH.replace("- [ ] [KV caching", "- [x] [KV caching")
    file.write_text("[]")
    assert main(["done", "--import", str(file), "--vault", str(root)]) == 1


def test_milestones_of_the_site_come_in_wherever_they_stand_now(make_vault, tmp_path) -> None:
    session = "---\nkind: session\n---\n- [ ] Read on\n- [ ] Read on\n- [ ] \n"
    root = make_vault(FILES | {"sessions/S.md": session, "Other.md": "- [ ] Read on\n"})
    notes = Vault.load(root).notes
    (cache,), (_, second) = (identities(notes[name]).values() for name in ("L.md", "sessions/S.md"))
    moved = ENGLISH.replace("## Milestones\n", "## Milestones\n- [ ] A new one\n")
    (root / "L.md").write_text(moved, "utf-8")
    (root / "L.zh.md").write_text(CHINESE.replace("- [ ] 写", "- [ ] 新的\n- [ ] 写"), "utf-8")
    file = tmp_path / "ticks.json"
    ticks = {short_id(cache): "2026-11-22", short_id(second): "2026-11-22"}
    file.write_text(json.dumps({"version": 1, "ticks": ticks}))
    assert main(["done", "--import", str(file), "--vault", str(root)]) == 0
    assert (root / "L.md").read_text("utf-8") == moved.replace("- [ ] Cache", "- [x] Cache")
    assert "- [ ] 新的\n- [x] 写出缓存" in (root / "L.zh.md").read_text("utf-8")
    assert (root / "sessions/S.md").read_text("utf-8") == session.replace("on\n- [ ] R", "on\n- [x] R")
    assert (root / "Other.md").read_text("utf-8") == "- [ ] Read on\n"


def test_command(make_vault, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(make_vault(FILES))
    assert main(["done", "Softmax", "--vault", root]) == 0
    assert main(["done", "Softmax", "--vault", root]) == 0
    assert main(["done", "Softmax", "--undo", "--vault", root]) == 0
    said = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert said == ["done", "was done", "cleared"]
    assert main(["done", "nothing like it", "--vault", root]) == 2


TEXT = st.text(
    alphabet=st.sampled_from(list("-*[] xX()[[]]https://a.b:=`%<!->\n\r\t词|#0123456789.")), max_size=300
)


@given(TEXT, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_a_tick_changes_one_character(tmp_path_factory, text: str, newline: str, mark: bool) -> None:
    root = tmp_path_factory.mktemp("v")
    body = newline.join([*FRONT.splitlines(), text, "- [ ] [Needle](https://needle.org)", text])
    before = (b"\xef\xbb\xbf" if mark else b"") + body.encode()
    (root / "L.md").write_bytes(before)
    items = read_items(parse_note("L.md", body))[0]
    if [item.url for item in items].count("https://needle.org") != 1:
        return
    tick(Vault.load(root), "https://needle.org")
    after = (root / "L.md").read_bytes()
    changed = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert len(changed) == 1 and after[changed[0]] == ord("x") and before[changed[0]] == ord(" ")
