"""Canvases, bases, properties and embeds on staged pages of the sample vault."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaultkit.note import parse_note
from vaultkit.site.bilingual import in_language
from vaultkit.site.clock import build_day
from vaultkit.site.context import Context
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.sitemap import SiteMap
from vaultkit.site.stage import stage_all
from vaultkit.site.state import State
from vaultkit.site.transforms import to_markdown, transform
from vaultkit.vault import Vault

NODES = [
    {
        "id": "t",
        "type": "text",
        "x": 0,
        "y": 0,
        "width": 200,
        "height": 90,
        "text": "# Head\nto [[KV cache]]",
    },
    {
        "id": "f",
        "type": "file",
        "x": 300,
        "y": 0,
        "width": 200,
        "height": 90,
        "file": "concepts/Attention.md",
    },
    {
        "id": "i",
        "type": "file",
        "x": 0,
        "y": 200,
        "width": 90,
        "height": 90,
        "file": "attachments/cache-growth.svg",
    },
    {"id": "u", "type": "link", "x": 300, "y": 200, "width": 90, "height": 90, "url": "javascript:alert(1)"},
    {"id": "o", "type": "file", "x": 0, "y": 300, "width": 90, "height": 90, "file": "../../../etc/passwd"},
    {"id": "g", "type": "group", "x": -10, "y": -10, "width": 600, "height": 120, "label": "A <b>group</b>"},
]
EDGES = [{"id": "e", "fromNode": "t", "toNode": "f", "label": "asks"}]
BASE = """
filters: 'file.ext == "md" && lang != "zh" && kind == "model"'
views:
  - {type: table, name: Models, order: [file.name, kind, status]}
  - {type: cards, name: Cards, image: cover, order: [file.name]}
"""


def write(layout: Layout, path: str, text: str) -> None:
    file = layout.vault / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def staged(layout: Layout, path: str, language: str = "en") -> str:
    return (layout.stage(language) / path).read_text("utf-8")


def test_a_canvas_has_a_page_in_each_language(project: Layout) -> None:
    write(project, "maps/My map.canvas", json.dumps({"nodes": NODES, "edges": EDGES}))
    write(project, "concepts/New.md", "A link to [[My map.canvas]].\n")
    stage_all(project, LANGUAGES)
    english, chinese = (staged(project, "maps/my-map.md", language) for language in LANGUAGES)
    assert "[My map.canvas](../maps/my-map.md)" in staged(project, "concepts/new.md")
    for note in ("kv-cache", "attention"):
        foot = staged(project, f"concepts/{note}.md").split("k-backlinks")[1]
        assert '<a href="../../maps/my-map/">My map</a>' in foot
    assert "[My map](my-map.md)" in staged(project, "maps/index.md")
    assert "to [KV cache](../concepts/kv-cache.md)" in english
    assert "{: .k-h .k-h1 role=heading aria-level=3 }" in english
    assert "[Attention](../concepts/attention.md)" in english
    assert "[注意力](../concepts/attention.md)" in chinese
    assert "![cache growth](../attachments/cache-growth.svg)" in english
    assert (project.stage("en") / "attachments" / "cache-growth.svg").is_file()
    assert "A &#60;b&#62;group" in english and "<b>" not in english
    assert 'href="javascript' not in english
    assert "There is no &#46;&#46;&#47;" in english and "root:" not in english
    assert "<li>Head → Attention (asks)</li>" in english


def test_a_base_has_a_page_with_every_view(project: Layout) -> None:
    write(project, "All models.base", BASE)
    stage_all(project, LANGUAGES)
    english, chinese = (staged(project, "all-models.md", language) for language in LANGUAGES)
    assert english.count('<div class="k-base"') == 2
    assert '<a href="../concepts/prefix-tree/" class="k-planned">Prefix tree</a>' in english
    assert "<td>stub</td>" in english and "<td>待写</td>" in chinese
    assert re.search(r">KV 缓存</a>", chinese)
    titles = json.loads(staged(project, "assets/titles.json"))
    assert {"u": "all-models/", "t": "All models"} in titles


def test_a_name_in_two_languages_is_shown_in_the_readers(project: Layout) -> None:
    views = "views:\n  - {type: table, name: Models · 模型, order: [file.name]}\n"
    labels = "properties:\n  file.name: {displayName: Note · 哪篇}\n"
    write(project, "B.base", views + labels)
    write(project, "All · 全部.base", views)
    write(project, "concepts/Holder.md", "![[B.base#Models · 模型]]\n")
    stage_all(project, LANGUAGES)
    titles = [json.loads(staged(project, "assets/titles.json", language)) for language in LANGUAGES]
    assert {entry["t"] for entry in titles[0]} >= {"All"} and {entry["t"] for entry in titles[1]} >= {"全部"}
    assert {entry["u"] for entry in titles[0] if entry["t"] == "All"} == {"all/"}  # not /all-全部/
    english, chinese = (staged(project, "concepts/holder.md", language) for language in LANGUAGES)
    assert ">Models</a>" in english and 'aria-label="Models"' in english and ">Note</th>" in english
    assert ">模型</a>" in chinese and 'aria-label="模型"' in chinese and ">哪篇</th>" in chinese


@pytest.mark.parametrize(
    "name", ["", "A · B", "甲 · 乙", "A · B · 乙", "KV 缓存", "A·甲", " · ", " · 甲", "GPT · GPT-4 · 大模型"]
)
def test_any_other_name_is_shown_as_it_is(name: str) -> None:
    assert [in_language(name, language) for language in LANGUAGES] == [name, name]


def test_an_edited_note_changes_the_page_of_a_base(project: Layout) -> None:
    write(project, "B.base", BASE)
    write(project, "concepts/Holder.md", "![[B.base#Models]]\n")
    stage_all(project, LANGUAGES)
    assert "Fresh" not in staged(project, "b.md") + staged(project, "concepts/holder.md")
    write(project, "concepts/Fresh.md", "---\nkind: model\n---\n")
    stage_all(project, LANGUAGES)
    assert "Fresh" in staged(project, "b.md") and "Fresh" in staged(project, "concepts/holder.md")


def test_an_embedded_view_that_is_not_there_is_said(project: Layout) -> None:
    write(project, "B.base", BASE)
    write(project, "concepts/Holder.md", "![[B.base#Nope]]\n\n![[B.base#models]]\n")
    stage_all(project, LANGUAGES)
    page = staged(project, "concepts/holder.md")
    assert "[!embed-missing] `B.base` has no view `Nope`." in page
    assert page.count('<div class="k-base"') == 1


def test_a_site_that_asks_for_today_is_old_tomorrow(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    write(project, "B.base", "views: [{order: [formula.now]}]\nformulas: {now: 'today()'}")
    trees, _ = stage_all(project, LANGUAGES)
    assert trees[0].dated and "1970-01-02" in staged(project, "b.md")
    state = State("key", "strict", day=str(build_day()))
    assert state.satisfies("key", "strict")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "172800")
    assert not state.satisfies("key", "strict")
    assert State("key", "strict").satisfies("key", "strict")


PROPERTIES = """---
rating: 4.5
done: true
Seen: 2026-01-02T10:00
related: ["[[Attention]]", "[[Nowhere]]", "a *b*", "[words](KV%20cache.md)", "[web](https://example.org)"]
nested: {a: [1, 2]}
site: https://example.org/a
kind: book
empty:
cssclasses: [wide, "a b", "x<y"]
---
"""


def test_properties_of_any_note_are_shown(project: Layout) -> None:
    write(project, "concepts/Book.md", PROPERTIES)
    stage_all(project, LANGUAGES)
    page = staged(project, "concepts/book.md")
    rows = dict(re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', page))
    assert rows["rating"] == "4&#46;5"
    assert "✓" in rows["done"] and "2026-01-02T10:00:00" in rows["Seen"]
    assert 'href="../../concepts/attention/"' in rows["related"]
    assert '<span class="k-missing">Nowhere</span>' in rows["related"] and "&#42;b&#42;" in rows["related"]
    assert (
        ">words</a>" in rows["related"] and '&#47;&#47;example&#46;org" rel="noopener">web' in rows["related"]
    )
    assert rows["nested"].startswith("<code>") and "rel=" in rows["site"]
    assert "empty" not in rows
    assert '"classes": "wide"' in page


def test_a_papers_properties_are_named_in_the_readers_language(project: Layout) -> None:
    paper = "---\nkind: paper\nauthors: [A, B]\nyear: 2017\nstatus: draft\ncount: planned\n---\n# P\n"
    write(project, "papers/P.md", paper)
    stage_all(project, LANGUAGES)
    found = [
        dict(re.findall(r'row">(.*?)</th><td>(.*?)</td>', staged(project, "papers/p.md", language)))
        for language in LANGUAGES
    ]
    assert list(found[0]) == ["authors", "year", "Status", "count"] and found[0]["count"] == "planned"
    assert list(found[1]) == ["作者", "年份", "状态", "count"] and found[1]["状态"] == "草稿"


def test_front_matter_that_is_no_yaml_is_shown_as_it_stands(project: Layout) -> None:
    write(project, "concepts/Bad.md", "---\na: [1\nb: {\n---\n# Bad\n\nThe text.\n")
    _, problems = stage_all(project, LANGUAGES)
    assert any(str(problem).startswith("concepts/Bad.md:3: front-matter") for problem in problems)
    page = staged(project, "concepts/bad.md")
    assert "a&#58; &#91;1&#10;b&#58; &#123;" in page and "The text." in page


def test_files_are_shown_by_what_the_browser_has(context_of: Callable[..., Context]) -> None:
    shown = ("a.pdf#page=3&height=400", "b.mp3", "c.mp4|300x200", "d.zip", "e.pdf#page=<x>")
    text = "\n\n".join(f"![[{name}]]" for name in shown)
    context = context_of(text)
    context.vault.files.update({"a.pdf", "b.mp3", "c.mp4", "d.zip", "e.pdf"})
    page = to_markdown(transform(text, context), context)
    assert 'data="../../a.pdf#page=3"' in page and "height:400px" in page
    assert '<audio class="k-media" controls preload="metadata" src="../../b.mp3">' in page
    assert 'width="300" height="200" src="../../c.mp4">' in page
    assert "[d.zip](../d.zip)" in page
    assert 'data="../../e.pdf"' in page
    assert context.files == {"a.pdf", "b.mp3", "c.mp4", "d.zip", "e.pdf"}


def test_a_whole_note_brings_its_footnotes_and_no_ids(context_of: Callable[..., Context]) -> None:
    text = "Mine.[^1]\n\n![[Other#Part]]\n\n[^1]: my words\n"
    other = 'x[^1]\n\n# Part\n\n<a id="here"></a>Theirs.[^1] ^block\n\nSetext\n------\n\nmore\n\n# End\n\n'
    other += "[^1]: their words\n"
    context = context_of(text)
    context.vault.notes["Other.md"] = parse_note("Other.md", other)
    context.vault.files.add("Other.md")
    page = to_markdown(transform(text, context), context)
    assert "Theirs.[^e1-1]" in page and "[^e1-1]: their words" in page and "[^1]: my words" in page
    assert "id=" not in page
    assert "{: .k-h .k-h2 role=heading aria-level=4 }" in page and "------" not in page


def test_a_chain_of_headings_names_the_deeper_one(context_of: Callable[..., Context]) -> None:
    text = "![[Other#B#Same]]\n\n- before\n- ![[Other#^item]]\n"
    context = context_of(text)
    other = "# A\n\n## Same\n\nfirst\n\n# B\n\n## Same\n\nsecond\n\n"
    other += "- one\n    - two ^item\n        - three\n- four\n"
    context.vault.notes["Other.md"] = parse_note("Other.md", other)
    context.vault.files.add("Other.md")
    page = to_markdown(transform(text, context), context)
    chain, item = page.split("before")
    assert "second" in chain and "one" in chain and "first" not in chain
    assert "two" in item and "three" in item and "one" not in item and "four" not in item


_lines = st.sampled_from([
    "![[A]]", "![[B#H]]", "- ![[C#^x]]", "> ![[A#H#K]]", "text ![[B]] text ![[C]]", "# H", "## K", "words ^x",
    "^x", "- item ^x", "```base", "```", "views: []", "![[M.canvas]]", "![[L.base#v]]", "| ![[A]] |", "|-|",
    "1. ![[A]]", "[^1]", "[^1]: note", "![x](A.md)", "![[../A]]", "    ![[B]]", "%%", "$$", "---",
    "a: [[A]]", "", "",
])  # fmt: skip
_notes = st.lists(_lines, max_size=9).map("\n".join)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(_notes, _notes, _notes))
def test_notes_that_embed_each_other_end(tmp_path: Path, texts: tuple[str, str, str]) -> None:
    (tmp_path / "M.canvas").write_text(json.dumps({"nodes": [NODES[0] | {"text": texts[0]}]}), "utf-8")
    (tmp_path / "L.base").write_text("views: [{name: v}]")
    notes = {f"{name}.md": parse_note(f"{name}.md", text) for name, text in zip("ABC", texts, strict=True)}
    vault = Vault(tmp_path, notes, {*notes, "M.canvas", "L.base"})
    sitemap = SiteMap.of(vault)
    for note in notes.values():
        page = sitemap.page_of(note.path)
        assert page
        context = Context(sitemap, "en", page, note)
        found = to_markdown(transform(note.text, context), context)
        assert len(found) < 200_000


def test_embeds_without_end_are_bounded(context_of: Callable[..., Context]) -> None:
    """Six notes, each of which embeds all later ones ten times: 10 ** 6 panels if nothing stopped them."""
    text = "![[N0]]\n"
    context = context_of(text)
    for number in range(6):
        later = "\n\n".join(f"![[N{n}]]" for n in range(number + 1, 6) for _ in range(10))
        context.vault.notes[f"N{number}.md"] = parse_note(f"N{number}.md", later + "\n\nend\n")
        context.vault.files.add(f"N{number}.md")
    page = to_markdown(transform(text, context), context)
    assert "nested too deeply" in page
    assert page.count("[!embed]") <= 200
