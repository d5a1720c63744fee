"""Staging: languages, fallbacks, lists the site makes, badges, and what is said of a broken vault."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from vaultkit.run.results import results_key
from vaultkit.site.paths import LANGUAGES, Language, Layout
from vaultkit.site.stage import stage_all


def staged(project: Layout, path: str, language: Language = "en") -> str:
    return (project.stage(language) / path).read_text("utf-8")


def problems(project: Layout) -> list[str]:
    return [str(problem) for problem in stage_all(project, LANGUAGES)[1]]


def edit(project: Layout, path: str, old: str, new: str) -> None:
    file = project.vault / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_the_sample_vault_is_without_problems(project: Layout) -> None:
    assert problems(project) == []


def test_unchanged_files_are_not_touched_and_gone_ones_go(project: Layout) -> None:
    stage_all(project, LANGUAGES)
    before = {file: file.stat().st_mtime_ns for file in project.stage("en").rglob("*.md")}
    stray = project.stage("en") / "stray" / "old.md"
    stray.parent.mkdir()
    stray.write_text("old")
    edit(project, "concepts/Attention.md", "reads every key", "reads each key")
    stage_all(project, LANGUAGES)
    changed = {file.stem for file, time in before.items() if file.stat().st_mtime_ns != time}
    assert changed == {"attention", "index"}  # the page and the section that quotes its claim
    assert not stray.parent.exists()


def test_front_matter_is_read_back_as_written(project: Layout) -> None:
    edit(project, "concepts/Attention.md", "Attention reads every key", 'Say "yes": 50 % of # keys')
    stage_all(project, LANGUAGES)
    meta = yaml.safe_load(staged(project, "concepts/attention.md").split("---")[1])
    assert meta["description"].startswith('Say "yes": 50 % of # keys')
    assert meta["k"]["kind"] == "model"


def test_a_page_without_translation_shows_the_other_language_with_a_notice(project: Layout) -> None:
    stage_all(project, LANGUAGES)
    page = staged(project, "concepts/attention.md", "zh")
    assert "本页尚无中文译文" in page
    assert "Scores are scaled" in page
    assert page.split("---")[2].strip().startswith("# 注意力")  # titled by the Chinese alias
    assert "尚无中文译文" not in staged(project, "concepts/kv-cache.md", "zh")


def test_both_languages_have_the_same_pages(project: Layout) -> None:
    trees = {language: {f.relative_to(project.stage(language)) for f in project.stage(language).rglob("*.md")}
             for language in LANGUAGES if stage_all(project, LANGUAGES)}  # fmt: skip
    assert trees["en"] == trees["zh"] != set()


def test_headings_answer_to_both_languages(project: Layout) -> None:
    edit(project, "concepts/KV cache.zh.md", "## 资料", "## 常见\n\n## 资料")
    stage_all(project, LANGUAGES)
    assert 'id="概述"' not in staged(project, "concepts/kv-cache.md")  # headings no longer run in parallel
    edit(project, "concepts/KV cache.zh.md", "## 常见\n\n## 资料", "## 资料")
    stage_all(project, LANGUAGES)
    assert '<span id="概述" class="k-also"></span>Overview { #overview }' in staged(
        project, "concepts/kv-cache.md"
    )
    assert '<span id="overview" class="k-also"></span>概述 { #概述 }' in staged(
        project, "concepts/kv-cache.md", "zh"
    )


def test_planned_notes_are_listed_with_who_links_to_them(project: Layout) -> None:
    stage_all(project, LANGUAGES)
    page = staged(project, "planned-notes.md")
    assert "[Prefix tree](concepts/prefix-tree.md){ .k-planned }" in page
    assert "前缀树" in page
    assert "Linked from [Home](index.md) · [KV cache](concepts/kv-cache.md)" in page
    assert "k-pill-planned" in staged(project, "concepts/prefix-tree.md", "zh")


def test_a_draft_says_so_in_both_languages(project: Layout) -> None:
    edit(project, "concepts/KV cache.md", "status: written", "status: draft")
    stage_all(project, LANGUAGES)
    for language, word in (("en", "draft"), ("zh", "草稿")):
        page, other = (staged(project, f"concepts/{n}.md", language) for n in ("kv-cache", "attention"))
        assert page.count("k-pill-draft") == 1 and f">{word}</span>" in page and "k-pill-draft" not in other


def test_a_section_lists_its_notes(project: Layout) -> None:
    stage_all(project, LANGUAGES)
    assert "[KV 缓存](kv-cache.md)" in staged(project, "concepts/index.md", "zh")


def test_backlinks_carry_their_sentence_in_the_readers_language(project: Layout) -> None:
    stage_all(project, LANGUAGES)
    english, chinese = (staged(project, "concepts/attention.md", language) for language in LANGUAGES)
    assert "See Attention &gt; Scores are scaled and" in english.split("k-backlinks")[1]
    assert "参见 缩放 与" in chinese.split("k-backlinks")[1]


def test_a_folder_in_which_nothing_is_written_says_what_will_be(project: Layout) -> None:
    stub = (project.vault / "concepts" / "Prefix tree.md").read_text("utf-8")
    (project.vault / "papers").mkdir()
    (project.vault / "papers" / "Trie.md").write_text(stub.replace("[[Prefix tree.zh|中文]]", ""), "utf-8")
    stage_all(project, LANGUAGES)
    assert "A tree whose edges are runs of tokens." in staged(project, "papers/index.md")
    assert "A tree whose edges are runs of tokens." not in staged(project, "concepts/index.md")


def test_planned_notes_that_link_here_are_named_together_in_both_languages(project: Layout) -> None:
    edit(project, "concepts/Prefix tree.md", "kind: model", 'kind: model\nprerequisites: ["[[Attention]]"]')
    stage_all(project, LANGUAGES)
    for language, title in (("en", "Prefix tree"), ("zh", "前缀树")):
        foot = staged(project, "concepts/attention.md", language).split("k-backlinks")[1]
        last = foot.split("<li>")[-1]
        assert "k-pill-planned" in last and f'<a class="k-planned" href="../prefix-tree/">{title}</a>' in last
        assert "k-planned" not in foot.removesuffix(last)


def test_an_item_of_a_list_that_links_here_is_named_without_its_fields(project: Layout) -> None:
    edit(project, "reading-lists/Sample list.md", "[[KV cache]] [after:: [[Attention]]]",
         "[[KV cache]] [[Prefix tree]] [after:: [[Attention]]] A remark.")  # fmt: skip
    edit(
        project, "reading-lists/Sample list.md", "## Milestones", "- [ ] [[Attention]] [minutes:: 5]\n\n## M"
    )
    stage_all(project, LANGUAGES)
    foot = staged(project, "concepts/attention.md").split("k-backlinks")[1]
    assert '<p><a href="https://example.org/2">Second</a></p></li>' in foot
    assert "minutes" not in foot and foot.count("Attention</p>") == 0


def test_progress_of_a_reading_list_is_counted_from_the_english_ticks(project: Layout) -> None:
    stage_all(project, LANGUAGES)
    assert 'max="2" value="1"' in staged(project, "reading-lists/sample-list.md", "zh")
    assert "1 of 2 read · 30 of 120 minutes" in staged(project, "reading-lists/sample-list.md")


def test_the_title_table_finds_a_note_by_either_name(project: Layout) -> None:
    stage_all(project, LANGUAGES)
    for language, title, alias in (("en", "KV cache", "键值缓存"), ("zh", "KV 缓存", "Key-value cache")):
        table = json.loads(staged(project, "assets/titles.json", language))
        entry = next(entry for entry in table if entry["u"] == "concepts/kv-cache/")
        assert entry["t"] == title
        assert alias in entry["a"]


def test_the_title_table_knows_the_pages_that_the_site_makes(project: Layout) -> None:
    stage_all(project, LANGUAGES)
    for number, language in enumerate(LANGUAGES):
        table = {entry["u"]: entry for entry in json.loads(staged(project, "assets/titles.json", language))}
        for url, names in {
            "concepts/": ("Concepts", "概念"),
            "reading-lists/": ("Reading lists", "阅读清单"),
            "tags/": ("Tags", "标签"),
        }.items():
            assert table[url]["t"] == names[number] and names[1 - number] in table[url]["a"]
        assert {"Graph", "关系图"} < {*table["graph/"]["a"]}
        assert "api/" not in table and "#how-far" not in table  # there is no engine, and no long list
    (project.vault / "Concepts.md").write_text("# My own\n", "utf-8")
    stage_all(project, LANGUAGES)
    table = json.loads(staged(project, "assets/titles.json"))
    assert [entry.get("a") for entry in table if entry["u"] == "concepts/"] == [None]


def test_only_attachments_that_are_used_are_staged(project: Layout) -> None:
    shutil.copyfile(
        project.vault / "attachments" / "cache-growth.svg", project.vault / "attachments" / "unused.svg"
    )
    stage_all(project, LANGUAGES)
    assert [file.name for file in (project.stage("zh") / "attachments").iterdir()] == ["cache-growth.svg"]


@pytest.fixture
def verified(project: Layout) -> Layout:
    """The sample project with a result of the runner for one note."""
    key = results_key(project.vault, "concepts/KV cache.md")
    entry = {"key": key, "blocks": 4, "passed": 3, "skipped": 1, "when": "2026-11-22", "device": "cpu",
             "versions": {"mlx": "0.32.4"}}  # fmt: skip
    project.results.parent.mkdir(parents=True, exist_ok=True)
    project.results.write_text(json.dumps({"concepts/KV cache.md": entry}))
    return project


def test_a_verified_note_has_its_badge(verified: Layout) -> None:
    stage_all(verified, LANGUAGES)
    badge = re.search(r'k-pill-verified" title="([^"]*)">([^<]*)', staged(verified, "concepts/kv-cache.md"))
    assert badge and "verified" in badge[2]
    assert "3 of 4" in badge[1] and "mlx 0.32.4" in badge[1] and "1 declared skip" in badge[1]
    assert "k-pill-verified" not in staged(verified, "concepts/kv-cache.md", "zh")  # that note was not run


@pytest.mark.parametrize("spoil", ["text", "failed", "engine", "broken file"])
def test_a_badge_that_is_not_true_any_more_is_gone(verified: Layout, spoil: str, tmp_path: Path) -> None:
    if spoil == "text":
        edit(verified, "concepts/KV cache.md", "np.ones", "np.zeros")
    elif spoil == "engine":
        (verified.root / "kernels").mkdir()
        (verified.root / "kernels" / "x.metal").write_text("changed")
    elif spoil == "failed":
        verified.results.write_text(verified.results.read_text().replace('"passed": 3', '"passed": 2'))
    else:
        verified.results.write_text("{")
    stage_all(verified, LANGUAGES)
    assert "k-pill-verified" not in staged(verified, "concepts/kv-cache.md")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[[KV cache]]", "[[No such note]]", "12: unresolved-link"),
        ("[[KV cache]]", "[[键值缓存]]", "12: alias-target"),
        ("[[KV cache]]", "[[KV cache#Nope]]", "12: unresolved-subpath"),
        ("[[KV cache]]", "![](https://example.org/x.png)", "12: external-image"),
        (r"\sqrt{d_h}", r"\sqrt{d_h", "16: formula"),
        ("kind: model", "kind: [model", "4: front-matter"),
    ],
)
def test_problems_name_path_and_line(project: Layout, old: str, new: str, expected: str) -> None:
    edit(project, "concepts/Attention.md", old, new)
    found = problems(project)
    assert any(problem.startswith(f"concepts/Attention.md:{expected} ") for problem in found), found


def test_a_heading_that_the_translation_lacks_needs_a_block_id(project: Layout) -> None:
    edit(project, "concepts/KV cache.zh.md", "## 资料", "## 多余\n\n## 资料")
    edit(project, "Home.zh.md", "[[KV cache|", "[[KV cache#Resources|")
    assert any(problem.startswith("Home.zh.md:12: anchor-not-in-pair") for problem in problems(project))


def test_two_notes_may_not_share_an_address(project: Layout) -> None:
    shutil.copyfile(project.vault / "concepts" / "Attention.md", project.vault / "concepts" / "Attention!.md")
    assert any("same-url" in problem for problem in problems(project))


def test_a_stale_translation_says_so(project: Layout) -> None:
    note = project.vault / "concepts" / "KV cache.zh.md"
    text = note.read_text("utf-8")
    note.write_text(text.replace("lang: zh", "lang: zh\nsource_hash: en-0123456789ab", 1), "utf-8")
    stage_all(project, LANGUAGES)
    page = staged(project, "concepts/kv-cache.md", "zh")
    assert '<p class="k-notice">英文原文在翻译之后有改动' in page
    assert 'href="../../../concepts/kv-cache/" lang="en">English</a>' in page
    assert "k-notice" not in staged(project, "concepts/kv-cache.md")
    assert "英文原文在" not in staged(project, "concepts/prefix-tree.md", "zh")
