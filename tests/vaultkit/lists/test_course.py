"""Guards sessions, standing, mastery and the tracker: a learner walks week 1 from nothing to done."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultkit.check import check_vault
from vaultkit.cli import main
from vaultkit.errors import VaultError
from vaultkit.lists.markers import parts, rewrite
from vaultkit.lists.mastery import Evidence
from vaultkit.lists.sessions import read_sessions
from vaultkit.lists.solved import Solved
from vaultkit.lists.standing import Standing
from vaultkit.note import parse_note
from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.results import record, results_key
from vaultkit.vault import Vault

LIST = """---
kind: reading-list
---
## Week 1
- [ ] [1.1 Attention](https://a.org/1) [minutes:: 4] [hours:: 3] [[Attention]] [[Heads]]
- [ ] [1.2 RoPE](https://a.org/2) [minutes:: 3] [[RoPE]] [after:: [[Attention]]]
## Week 2
- [ ] [2.1 KV cache](https://a.org/3) [[KV cache]] [after:: [[RoPE]]]
## Milestones
- [ ] First attention working
- [ ] Cache working
## Exit questions
- [ ] Can explain
"""
LIST_ZH = (
    LIST.replace("kind: reading-list", "title: 课程\nlang: zh")
    .replace("Week 1", "第 1 周").replace("Week 2", "第 2 周").replace("1.1 Attention", "1.1 注意力")
    .replace("Milestones", "里程碑").replace("First attention working", "注意力跑通")
)  # fmt: skip
PARTS = ("now", "overview", "topics", "mastery", "milestones", "time", "struggles")
MARKERS = "".join(f"<!-- tracker: {name} -->\n<!-- /tracker: {name} -->\n\nmine\n\n" for name in PARTS)
FILES = {
    "Course.md": LIST,
    "Course.zh.md": LIST_ZH,
    "Tracker.md": f'---\nkind: tracker\nlist: "[[Course]]"\n---\n# T\n\n{MARKERS}',
    "Tracker.zh.md": f"---\ntitle: 进度\nlang: zh\n---\n# 进度\n\n{MARKERS}",
    **{
        f"{name}.md": f"---\nmastery: none\nexercise: {name.lower()}\n---\n"
        for name in ("Attention", "Heads", "RoPE")
    },
    "KV cache.md": "",
}


def part(root: Path, name: str, file: str = "Tracker.md") -> str:
    note = parse_note(file, (root / file).read_text("utf-8"))
    return next(part.text.strip() for part in parts(note) if part.name == name)


def walk(root: Path, *argv: str) -> None:
    assert main([*argv, "--vault", str(root)]) == 0


def test_a_learner_walks_week_1(make_vault, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_vault(FILES)
    walk(root, "progress")
    assert "| Week 1 | 0/2 | 0 h | 0% |" in part(root, "overview")
    assert part(root, "now") == "- Now: Week 1\n- Next: 1.1 Attention"
    assert part(root, "now", "Tracker.zh.md") == "- 当前阶段：第 1 周\n- 接下来：1.1 注意力"
    assert "| 1.2 RoPE | not started | 0 h | – | [[RoPE]] |" in part(root, "topics")

    (root / "sessions").mkdir()
    first = "---\nkind: session\n---\n## What I did\n"
    first += "- [[Attention]] read it [minutes:: 60]\n- mail [minutes:: 9]\n"
    first += "## Struggles\n- [[Heads]] the transpose (minutes:: 75)\n## Questions\n- why 1/√d?\n"
    (root / "sessions/2026-11-22.md").write_text(first, "utf-8")
    walk(root, "progress")
    assert "| Week 1 | 0/2 | 2.2 h | 0% |" in part(root, "overview")
    assert "| 1.1 Attention | in progress | 2.2 h | – |" in part(root, "topics")
    assert part(root, "struggles") == "- 1.1 Attention: 2.2 h\n    - 2026-11-22 [[Heads]] the transpose"
    assert part(root, "now").endswith("- Questions from the last session\n    - why 1/√d?")
    assert "| Total hours | 2.4 h |" in part(root, "time") and "2026-11-22, 2.4 h" in part(root, "time")

    walk(root, "done", "1.1 Attention")
    walk(root, "done", "First attention working")
    walk(root, "progress")
    assert "| Week 1 | 1/2 | 2.2 h | 0% |" in part(root, "overview")
    assert part(root, "milestones") == "1 of 2 reached\n\n- **First attention working**\n- Cache working"
    assert part(root, "milestones", "Tracker.zh.md").startswith("已达成 1 / 2\n\n- **注意力跑通**")
    capsys.readouterr()
    assert main(["next", "Course", "--vault", str(root)]) == 0
    assert capsys.readouterr().out.startswith("1.2 RoPE\n")

    for name in ("Attention", "Heads"):
        claim(root, name, "implementing")
    walk(root, "progress")
    assert "claims implementing, not shown" in part(root, "mastery")
    assert "| 1.1 Attention | done | 2.2 h | learning |" in part(root, "topics")
    for name in ("Attention", "Heads"):
        green(root, name)
    walk(root, "progress")
    assert "| 1.1 Attention | done | 2.2 h | implementing |" in part(root, "topics")
    assert "| [[Heads]] | ● | ● | · | · |  |" in part(root, "mastery")
    assert "| Week 1 | 1/2 | 2.2 h | 25% |" in part(root, "overview")

    walk(root, "done", "1.2 RoPE")
    walk(root, "progress")
    assert part(root, "now").startswith("- Now: Week 2\n- Next: 2.1 KV cache")
    assert (root / "Tracker.md").read_text("utf-8").count("\nmine\n") == len(PARTS)
    svg = (root / "attachments/progress.svg").read_text("utf-8")
    assert svg.count('stroke-width="3"') == 2 and ">2.1</text>" in svg


def claim(root: Path, name: str, level: str) -> None:
    file = root / f"{name}.md"
    file.write_text(re.sub("mastery: .*", f"mastery: {level}", file.read_text("utf-8")), "utf-8")


def green(root: Path, name: str) -> None:
    record(
        root, {f"{name}.md": {"key": results_key(root, f"{name}.md"), "blocks": 2, "passed": 2, "skipped": 0}}
    )


def test_a_claim_is_only_as_good_as_its_proof(make_vault) -> None:
    root = make_vault(FILES)
    claim(root, "RoPE", "mastery")
    assert problems(root) == [
        ("RoPE.md", 2, "mastery-claim", "claims `mastery`, but only `learning` can be shown")
    ]
    green(root, "RoPE")
    assert [problem[3] for problem in problems(root)] == [
        "claims `mastery`, but only `implementing` can be shown"
    ]
    solution = root.parent / "study" / "rope.py"
    solution.parent.mkdir()
    solution.write_text("right", "utf-8")
    Solved.load(root).with_verdict("rope", True).save()
    assert problems(root) == [] and Evidence(Vault.load(root)).level("RoPE.md") == "mastery"
    solution.write_text("changed since", "utf-8")
    assert len(problems(root)) == 1
    solution.write_text("right", "utf-8")
    (root / "RoPE.md").write_text((root / "RoPE.md").read_text("utf-8") + "```python\nx = 1\n```\n", "utf-8")
    assert len(problems(root)) == 1


def test_a_note_without_code_has_its_exercise_to_show(make_vault) -> None:
    root = make_vault(FILES)
    claim(root, "RoPE", "competent")
    assert len(problems(root)) == 1
    solution = root.parent / "study" / "rope.py"
    solution.parent.mkdir()
    solution.write_text("right", "utf-8")
    Solved.load(root).with_verdict("rope", True).save()
    assert problems(root) == []
    (root / "RoPE.md").write_text((root / "RoPE.md").read_text("utf-8") + "```python\nx = 1\n```\n", "utf-8")
    assert len(problems(root)) == 1


def problems(root: Path) -> list[tuple[str, int, str, str]]:
    found = check_vault(Vault.load(root))
    return [(p.path, p.line, p.code, p.message) for p in found if p.code == "mastery-claim"]


def test_a_part_edited_by_hand_is_never_overwritten(make_vault, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_vault(FILES)
    walk(root, "progress")
    file = root / "Tracker.md"
    edited = file.read_text("utf-8").replace("- Now: Week 1", "- Now: Week 1, and I am proud")
    file.write_text(edited, "utf-8")
    chinese = (root / "Tracker.zh.md").read_bytes()
    capsys.readouterr()
    assert main(["progress", "--vault", str(root)]) == 1
    line = (
        edited.split("\n").index(next(x for x in edited.split("\n") if x.startswith("<!-- tracker: now"))) + 1
    )
    assert f"Tracker.md:{line}: tracker part `now` was edited by hand" in capsys.readouterr().err
    assert file.read_text("utf-8") == edited and (root / "Tracker.zh.md").read_bytes() == chinese
    assert any(p.line == line and "edited by hand" in p.message for p in check_vault(Vault.load(root)))
    file.write_text(edited.replace("and I am proud", "").replace("Week 1, ", "Week 1"), "utf-8")
    walk(root, "progress")


def test_a_rename_is_no_edit_by_hand(make_vault) -> None:
    root = make_vault(FILES)
    walk(root, "progress")
    assert main(["rename", "RoPE", "Rotary", str(root), "--write"]) == 0
    assert "[[Rotary]]" in part(root, "topics")
    walk(root, "progress")
    assert [p for p in check_vault(Vault.load(root)) if p.code in ("tracker", "stale-translation")] == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("<!-- tracker: now -->\nx\n", 1, "is missing"),
        ("x\n<!-- /tracker: now -->\n", 2, "closes a part that is not open"),
        ("<!-- tracker: now -->\n<!-- tracker: time -->\n<!-- /tracker: time -->\n", 2, "inside the part"),
        ("<!-- tracker: weather -->\n<!-- /tracker: weather -->\n", 1, "there is no part `weather`"),
    ],
)
def test_wrong_markers(text: str, line: int, message: str) -> None:
    with pytest.raises(VaultError, match=f"T.md:{line}: tracker .*{message}"):
        rewrite(parse_note("T.md", text), {"now": "n", "time": "t"}.get)


@given(st.text(st.sampled_from(list("ab \n\r|<!->`词")), max_size=80), st.text("xyz \n|", max_size=40))
def test_everything_outside_the_markers_stays(text: str, made: str) -> None:
    note = parse_note("T.md", f"{text}\n\n<!-- tracker: now -->\n<!-- /tracker: now -->\n\n{text}")
    try:
        names = [part.name for part in parts(note)]
    except VaultError:  # the text opened a comment that swallows a marker: refused, nothing written
        return
    if names != ["now"]:
        return
    once = rewrite(note, lambda name: made)
    assert once.startswith(text) and once.endswith(text)
    assert rewrite(parse_note("T.md", once), lambda name: made) == once


def test_sessions_say_what_is_wrong(make_vault) -> None:
    root = make_vault(
        {
            "a.md": "---\nkind: session\n---\n",
            "b.md": "---\nkind: session\ndate: tomorrow\n---\n",
            "2026-02-30.md": "---\nkind: session\n---\n",
            "2026-01-02 x.md": "---\nkind: session\n---\n## Struggles\n- hard [minutes:: long]\n",
            "c.md": "---\nkind: session\ndate: 2026-01-01\n---\n## 做了什么\n1. [ ] a [minutes:: 1.5]\n- \n",
        }
    )
    entries, found = read_sessions(Vault.load(root))
    assert {(p.path, p.line) for p in found} == {
        ("a.md", 1),
        ("b.md", 1),
        ("2026-02-30.md", 1),
        ("2026-01-02 x.md", 5),
    }
    assert [(str(e.day), e.section, e.text, e.minutes) for e in entries] == [
        ("2026-01-01", "what", "a", 1.5), ("2026-01-02", "struggles", "hard", 0.0),
    ]  # fmt: skip


def test_prerequisites_that_go_round_are_named(make_vault) -> None:
    files = {"A": "B", "B": "C", "C": "A", "D": "A", "E": "E"}
    root = make_vault({f"{a}.md": f'---\nprerequisites: ["[[{b}]]"]\n---\n' for a, b in files.items()})
    found = [
        (p.path, p.line, p.message) for p in check_vault(Vault.load(root)) if p.code == "prerequisite-circle"
    ]
    assert found == [
        ("A.md", 2, "prerequisites go round: A → B → C → A"), ("E.md", 2, "prerequisites go round: E → E"),
    ]  # fmt: skip


def test_a_topic_is_mastered_as_far_as_its_weakest_note(make_vault) -> None:
    root = make_vault(FILES)
    claim(root, "Attention", "implementing")
    green(root, "Attention")
    vault = Vault.load(root)
    standing = Standing(vault, vault.notes["Course.md"])
    assert [topic.level for topic in standing.topics] == ["none", "none", "none"]
    claim(root, "Heads", "learning")
    vault = Vault.load(root)
    assert Standing(vault, vault.notes["Course.md"]).topics[0].level == "learning"


def test_a_tracker_without_a_list(make_vault) -> None:
    root = make_vault({"T.md": "---\nkind: tracker\nlist: nothing\n---\n"})
    assert main(["progress", "--vault", str(root)]) == 1


def test_no_minute_counts_twice(make_vault) -> None:
    root = make_vault(FILES)
    lines = (
        "- [[Attention]] and [[KV cache]] [minutes:: 60]\n- 1.2 the rotation [hours:: 1.5]\n"
        "- mail [minutes:: 30]\n## Anything\n- [[RoPE]] again [minutes:: 10]\n- a thought\n"
    )
    (root / "sessions").mkdir()
    (root / "sessions/2026-11-22.md").write_text(f"---\nkind: session\n---\n## What I did\n{lines}", "utf-8")
    vault = Vault.load(root)
    standing = Standing(vault, vault.notes["Course.md"])
    assert [topic.minutes for topic in standing.topics] == [30, 100, 30]
    assert (standing.elsewhere, standing.minutes) == (30, 190)
    walk(root, "progress")
    rows = part(root, "overview").splitlines()[2:]
    assert [row.split(" | ")[2] for row in rows] == ["2.2 h", "0.5 h", "0.5 h", "3.2 h"]
    assert "| Total hours | 3.2 h |" in part(root, "time")


def test_a_page_that_is_no_session_is_named(make_vault) -> None:
    root = make_vault({"sessions/2026-11-22.md": "- [[A]] [minutes:: 9]\n", "A.md": ""})
    assert [(p.path, p.severity) for p in read_sessions(Vault.load(root))[1]] == [
        ("sessions/2026-11-22.md", "warning")
    ]


def test_a_claim_changes_nothing_that_was_run(make_vault) -> None:
    root = make_vault(FILES)
    green(root, "RoPE")
    for level in ("learning", "implementing"):
        claim(root, "RoPE", level)
        assert problems(root) == [] and Evidence(Vault.load(root)).level("RoPE.md") == level


def test_a_green_run_counts_while_its_data_is_as_it_was(make_vault) -> None:
    root = make_vault({**FILES, "seven.txt": "7"})
    data = {"vault/seven.txt": Fingerprints().file(str(root / "seven.txt"))}
    entry = {"key": results_key(root, "RoPE.md"), "blocks": 1, "passed": 1, "skipped": 0, "data": data}
    record(root, {"RoPE.md": entry})
    assert Evidence(Vault.load(root)).green("RoPE.md")
    (root / "seven.txt").write_text("eight", "utf-8")
    assert not Evidence(Vault.load(root)).green("RoPE.md")


def test_a_solved_exercise_speaks_for_itself(make_vault) -> None:
    root = make_vault(FILES)
    solution = root.parent / "study" / "rope.py"
    solution.parent.mkdir()
    solution.write_text("right", "utf-8")
    Solved.load(root).with_verdict("rope", True).save()
    vault = Vault.load(root)
    assert Standing(vault, vault.notes["Course.md"]).topics[1].level == "competent"


def test_a_note_with_nothing_to_show_says_so(make_vault) -> None:
    root = make_vault({"A.md": "---\nmastery: competent\n---\n"})
    (problem,) = check_vault(Vault.load(root))
    assert problem.severity == "warning" and "neither code nor an exercise" in problem.hint


def test_a_damaged_record_solves_nothing(make_vault) -> None:
    root = make_vault({})
    folder = root.parent / "study"
    folder.mkdir()
    for text in ("", "[]", '{"rope": 1}', json.dumps({"rope": {"solution": ""}})):
        (folder / "solved.json").write_text(text, "utf-8")
        assert not Solved.load(root).holds("rope")


def test_a_vault_without_lists_has_a_standing_of_nothing(make_vault) -> None:
    root = make_vault({"L.md": "---\nkind: reading-list\n---\n"})
    vault = Vault.load(root)
    assert Standing(vault, vault.notes["L.md"]).topics == []
