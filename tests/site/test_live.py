"""Serving while the vault changes: after any edit the site is what a build from nothing makes of it."""

import errno
import io
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from mkdocs.commands import build as mkdocs_commands
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.structure.pages import Page

from vaultkit.site import publish as publish_module
from vaultkit.site import sitemap
from vaultkit.site.build import INDEX, Report, publish_all
from vaultkit.site.fingerprint import fingerprint
from vaultkit.site.live import half
from vaultkit.site.live import session as live
from vaultkit.site.live.builder import Builder
from vaultkit.site.live.half import Half
from vaultkit.site.live.searcher import Searcher
from vaultkit.site.live.session import Session, Update
from vaultkit.site.live.worker import work
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.search.site import SiteIndex
from vaultkit.site.stage import stage_all
from vaultkit.site.state import load


def from_nothing(layout: Layout, copy: Path) -> Layout:
    """The site of a copy of the vault, built without caches but for formulas."""
    fresh = Layout(copy)
    copy.mkdir()
    shutil.copytree(layout.vault, copy / "vault")
    for file in (layout.vault).rglob("*"):  # a copy keeps times: bases show them
        shutil.copystat(file, copy / "vault" / file.relative_to(layout.vault))
    for name in ("mkdocs.yml", "mkdocs.zh.yml", "pyproject.toml"):
        shutil.copyfile(layout.root / name, copy / name)
    for name in ("codebase", "node_modules"):
        (copy / name).symlink_to(layout.root / name)
    fresh.math.parent.mkdir(parents=True)
    fresh.math.symlink_to(layout.math.resolve())
    build_pages(fresh)
    return fresh


def build_pages(layout: Layout) -> None:
    """What a build does, in this process."""
    stage_all(layout, LANGUAGES)
    for language in LANGUAGES:
        mkdocs_build(load_config(str(layout.config(language)), site_dir=str(layout.html(language))))
        SiteIndex(layout.html(language)).refresh()
    publish_all(layout)


def content(layout: Layout) -> dict[str, bytes]:
    files = {f.relative_to(layout.site).as_posix(): f for f in layout.site.rglob("*") if f.is_file()}
    return {path: f.read_bytes() for path, f in files.items()}


def torn(layout: Layout) -> list[str]:
    """Pages that stand in another way where MkDocs and the search read them than where they are published."""
    places = [(layout.html(language), layout.published(language)) for language in LANGUAGES]
    pages = [(file, site / file.relative_to(own)) for own, site in places for file in own.rglob("*.html")]
    return [str(file) for file, page in pages if file.read_bytes() != page.read_bytes()]


def differences(session: Session, copy: Path) -> list[str]:
    """Files of a session's site, search index and all, that are not what a build from nothing makes."""
    session.settle()
    assert not torn(session.layout)
    assert session.refresh_search() == []
    ours, theirs = content(session.layout), content(from_nothing(session.layout, copy))
    return sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))


@pytest.fixture
def session(project: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session on the sample project that is ready for changes."""
    monkeypatch.setenv("KVIST_STAGED", "1")

    def whole(layout: Layout, *, mode: str, staging: Callable[..., object]) -> Report:
        staging(layout, LANGUAGES)
        build_pages(layout)
        return Report(True, True)

    monkeypatch.setattr(live, "build", whole)
    running = Session(project)
    assert running.build().ok
    running.get_ready()
    yield running
    for searcher in running.searchers.values():
        searcher.stop()


BASE = """\
filters: 'file.hasProperty("tier")'
views: [{type: table, name: By tier, order: [file.name, tier]}]
"""
EDITS: dict[str, Callable[[Path], None]] = {
    "text": lambda vault: _add(vault / "concepts/Attention.md", "\nMore words, and $x^2 + 1$.\n"),
    "embed": lambda vault: _add(vault / "concepts/KV cache.md", "\n![[Attention]]\n"),
    "an embedded text": lambda vault: _add(vault / "concepts/Attention.md", "\nShown in two places.\n"),
    "link": lambda vault: _add(vault / "concepts/Prefix tree.md", "\nSee [[KV cache]] and [[Fresh]].\n"),
    "create": lambda vault: _add(vault / "concepts/Fresh.md", "# Fresh\n\nBuilds on [[Attention]].\n"),
    "alias": lambda vault: _put(vault / "concepts/KV cache.md", "aliases: [", "aliases: [新名, "),
    "title": lambda vault: _put(vault / "concepts/KV cache.zh.md", "title: ", "title: 新的"),
    "property": lambda vault: _put(vault / "concepts/KV cache.md", "tier: 1", "tier: 2"),
    "prerequisite": lambda vault: _put(
        vault / "concepts/KV cache.md", '["[[Attention]]"]', '["[[Attention]]", "[[Prefix tree]]"]'
    ),
    "base": lambda vault: _add(vault / "concepts/By tier.base", BASE),
    "shown in a base": lambda vault: _put(vault / "concepts/KV cache.md", "tier: 2", "tier: 3"),
    "embedded base": lambda vault: _add(vault / "concepts/Attention.md", "\n![[By tier.base]]\n"),
    "named in a base": lambda vault: _put(vault / "concepts/KV cache.zh.md", "title: ", "title: 更"),
    "not shown in a base": lambda vault: _put(vault / "concepts/KV cache.md", "hours: 2", "hours: 3"),
    "status": lambda vault: _put(vault / "concepts/Prefix tree.md", "status: stub", "status: written"),
    "list": lambda vault: _put(vault / "reading-lists/Sample list.md", "- [ ]", "- [x]"),
    "diagram": lambda vault: _add(vault / "concepts/Attention.md", "\n```mermaid\ngraph TD; A-->B\n```\n"),
    "no diagram": lambda vault: _cut(vault / "concepts/Attention.md", "\n```mermaid"),
    "translation": lambda vault: _add(
        vault / "concepts/Fresh.zh.md", "---\ntitle: 新文\n---\n# 新文\n\n[[Attention]]\n"
    ),
    "rename": lambda vault: _rename(vault / "concepts/Fresh.md", vault / "concepts/Renamed.md"),
    "delete": lambda vault: (vault / "concepts/Renamed.md").unlink(),
}


def _add(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text((file.read_text("utf-8") if file.exists() else "") + text, "utf-8")


def _put(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1), "utf-8")


def _rename(file: Path, to: Path) -> None:
    file.rename(to)


def _cut(file: Path, start: str) -> None:
    file.write_text(file.read_text("utf-8").partition(start)[0], "utf-8")


def test_after_each_edit_the_site_is_that_of_a_build_from_nothing(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, dependents and all; compared where edits of several kinds have met."""
    for number, (name, edit) in enumerate(EDITS.items(), 1):
        edit(session.layout.vault)
        done = session.update()
        assert not done.again and not done.stopped, (name, done.problems)
        assert done.written, name
        if number % 5 == 0 or number == len(EDITS):
            assert not differences(session, tmp_path / f"copy {number}"), name
    assert not (session.layout.site / "zh" / "assets" / "mermaid").exists()


def test_what_only_names_a_note_is_not_rendered_again(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new title is put where the old one stands: at the foot, under a title, in a link, in a base."""
    vault = session.layout.vault
    _add(vault / "concepts/By tier.base", BASE)
    _put(vault / "concepts/Prefix tree.md", "status: stub", 'prerequisites: ["[[KV cache]]"]')
    _put(vault / "concepts/KV cache.zh.md", "title: ", "title: 甲")  # which sorts where the next one will
    assert not session.update().stopped
    session.settle()
    rendered: list[str] = []
    build_page = mkdocs_commands._build_page

    def watched(page: Page, *rest: Any, **names: Any) -> None:
        rendered.append(page.file.src_uri)
        build_page(page, *rest, **names)

    monkeypatch.setattr(mkdocs_commands, "_build_page", watched)
    _put(vault / "concepts/KV cache.zh.md", "title: ", "title: 甲")
    written = session.update().written
    monkeypatch.undo()
    pages = {path.removesuffix("/index.html") for path in written if path.endswith(".html")}
    for name in ("attention", "prefix-tree", "by-tier"):
        assert f"zh/concepts/{name}" in pages
        assert f"concepts/{name}.md" not in rendered
    assert rendered.count("concepts/kv-cache.md") == 1
    assert not differences(session, tmp_path / "copy")


def test_a_base_is_asked_again_only_when_what_it_asked_has_changed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session.layout.vault
    _add(vault / "concepts/By tier.base", BASE)
    assert not session.update().stopped
    asked: list[str] = []
    answer = sitemap.answer
    monkeypatch.setattr(sitemap, "answer", lambda base, *rest: asked.append(base.path) or answer(base, *rest))
    _put(vault / "concepts/KV cache.md", "hours: 2", "hours: 3")
    _add(vault / "concepts/KV cache.md", "\nA link to [[Attention]]. #a/new/tag\n")
    assert session.update().written and not asked
    _put(vault / "concepts/KV cache.zh.md", "title: ", "title: 甲")  # shown anew from the answer there was
    page = session.layout.site / "zh/concepts/by-tier/index.html"
    assert ">甲" not in page.read_text("utf-8")
    assert session.update().written and not asked
    assert ">甲" in page.read_text("utf-8")
    _put(vault / "concepts/KV cache.md", "tier: 1", "tier: 2")
    session.update()
    assert asked == ["concepts/By tier.base"] * 2  # in each language
    _put(vault / "concepts/Attention.md", "---\n", "---\nTIER: 4\n")
    session.update()
    assert len(asked) == 4
    assert b"<td>4</td>" in (session.layout.site / "concepts/by-tier/index.html").read_bytes()
    _put(vault / "concepts/Attention.md", "TIER: 4", "TIER: 1")
    session.update()
    _put(vault / "concepts/Attention.md", "TIER: 1", "TIER: true")  # which Python takes for the same
    session.update()
    assert len(asked) == 8


def test_a_base_that_shows_all_properties_is_fresh_after_any_of_them_changes(session: Session) -> None:
    """Its cells are the notes' own tables, which are asked only when they are shown."""
    vault, page = session.layout.vault, session.layout.site / "zh/concepts/all/index.html"
    view = "formulas: {all: note}\nviews: [{type: table, name: All, order: [file.name, formula.all]}]\n"
    _add(vault / "concepts/All.base", view)
    for old, new in (("", "甲"), ("甲", "乙"), ("乙", "丙")):
        _put(vault / "concepts/KV cache.zh.md", f"title: {old}", f"title: {new}")
        session.update()
        assert f"&#34;{new}" in page.read_text("utf-8")


def test_the_page_of_the_edited_note_is_published_first(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def watch(module: Any, name: str, place: int) -> None:
        put = getattr(module, name)

        def watched(*args: Any, **names: Any) -> None:
            seen.append(args[place].as_posix())
            put(*args, **names)

        monkeypatch.setattr(module, name, watched)

    watch(publish_module, "put_file", 1)
    watch(half, "replace_file", 0)
    _put(session.layout.vault / "concepts/KV cache.zh.md", "title: ", "title: 甲")
    session.update()
    chinese = [path for path in seen if "/zh/concepts/" in path and path.endswith(".html")]
    assert chinese[0].endswith("/zh/concepts/kv-cache/index.html")
    assert any(path.endswith("/attention/index.html") for path in chinese)


def test_pages_that_go_out_at_once_come_to_both_trees(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even those of an update that something has stopped, as the search reads them all the same."""
    note = session.layout.vault / "concepts/KV cache.zh.md"
    _put(note, "title: ", "title: 甲")
    session.update()
    assert torn(session.layout)
    session.settle()
    assert not torn(session.layout)
    _put(note, "title: 甲", "title: 乙")
    monkeypatch.setattr(Half, "render", lambda *_: (set(), ["a complaint"]))
    assert session.update().stopped and torn(session.layout)
    session.settle()
    assert not torn(session.layout)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_edits(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    for number in range(12):
        for _ in range(1 + number % 2):
            _any_edit(chance, session.layout.vault)
        done = session.update()
        if done.again:  # a section has come or gone, which all pages show
            session = _ready(session.layout)
        assert not done.stopped, done.problems
        if number % 3 == 2:
            assert not differences(session, tmp_path / f"copy {number}"), number


def _any_edit(chance: random.Random, vault: Path) -> None:
    """One change to one note, as an author or a program might make it."""
    notes = [file for file in sorted(vault.rglob("*.md")) if not file.name.startswith("Home")]
    note, other = chance.choice(notes), chance.choice(notes).stem.removesuffix(".zh")
    ending = ".zh.md" if note.name.endswith(".zh.md") else ".md"
    kind = chance.randrange(10)
    if kind == 0 and len(notes) > 4:
        note.unlink()
    elif kind == 1:
        note.rename(note.with_name(f"Note {chance.randrange(4)}{ending}"))
    elif kind == 2:
        folder = vault / chance.choice(["concepts", "papers"])
        _add(folder / f"Note {chance.randrange(4)}{ending}", f"\n# New\n\n[[{other}]] ![[{other}]]\n")
    elif kind == 3:
        text = note.read_text("utf-8")
        field = chance.choice(
            ["aliases: [别名]", "status: stub", "title: 名", "tags: [a/b]", "kind: concept"]
        )
        note.write_text(f"---\n{field}\n---\n" + text.rpartition("---\n")[2], "utf-8")
    elif kind == 4:
        _add(note, f"\n## Part {chance.randrange(3)}\n\nA block. ^b{chance.randrange(3)}\n")
    else:
        places = ["", "#Part 0", "#Part 1", "#^b0", "#^b1", "|shown"]
        target = chance.choice([other, "Note 1", "Note 2"]) + chance.choice(places)
        link = f"{chance.choice(['', '!'])}[[{target}]]"
        _add(note, f"\nA sentence {chance.random():.3f} with {link} and $x_{kind}$.\n")


def test_a_fault_is_told_with_its_line_and_shown_and_other_notes_go_on(session: Session) -> None:
    vault, site = session.layout.vault, session.layout.site
    note, page = vault / "concepts" / "Attention.md", site / "concepts/attention/index.html"
    text = note.read_text("utf-8")
    faulty = text.replace("[[KV cache]]", "[[Nowhere]]") + "\nNew words.\n\nA formula: $\\frac{1$.\n"
    note.write_text(faulty, "utf-8")
    done = session.update()
    assert not done.stopped and "concepts/attention/index.html" in done.written
    line = len(faulty.splitlines())
    for place in ("12: unresolved-link", f"{line}: formula"):
        assert any(fault.startswith(f"vault/concepts/Attention.md:{place}") for fault in done.faults), place
    shown = page.read_text("utf-8")
    assert "New words." in shown and "Nowhere" in shown and "\\frac{1" in shown
    _add(vault / "concepts" / "KV cache.md", "\nOther words.\n")
    done = session.update()
    assert done.faults and "Other words." in (site / "concepts/kv-cache/index.html").read_text("utf-8")
    assert session.settle().stopped is False
    assert session.state is not None and session.state.passed == "lenient"  # a strict build looks again
    note.write_text(text, "utf-8")
    assert session.update().faults == []


def test_what_cannot_be_rendered_stops_and_nothing_of_it_is_published(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, page = session.layout.vault, session.layout.site / "concepts/attention/index.html"
    note = vault / "concepts" / "Attention.md"
    text = note.read_text("utf-8")
    note.write_text(text + "\nGood words.\n", "utf-8")
    assert not session.update().stopped
    note.write_text(text + "\nBad words.\n", "utf-8")
    with monkeypatch.context() as broken:
        broken.setattr(Half, "render", lambda *_: (set(), ["a page has no template"]))
        done = session.update()
    assert done.stopped and set(done.faults) == {"a page has no template"} and not done.written
    session.settle()  # what the good save still owed must not bring the other one
    shown = page.read_text("utf-8")
    assert "Good words." in shown and "Bad words." not in shown
    note.write_text(text + "\nLast words.\n", "utf-8")
    done = session.update()
    assert not done.stopped and not done.faults
    assert "Last words." in page.read_text("utf-8")


def test_what_all_pages_show_asks_for_another_session(session: Session) -> None:
    _add(session.layout.vault / "papers" / "New.md", "# New\n\nThe first paper.\n")
    assert session.update().again  # a section of the nav
    (session.layout.vault / "papers" / "New.md").unlink()
    assert not session.update().again
    _add(session.layout.vault / ".obsidian" / "app.json", '{"strictLineBreaks": true}')
    assert session.update().again


def test_a_note_that_nobody_names_is_shown_in_its_first_translation(session: Session, tmp_path: Path) -> None:
    vault = session.layout.vault
    _add(vault / "n" / "A.md", "Text without a heading.\n")
    session = _another(session)
    _add(vault / "n" / "A.zh.md", "---\ntitle: 甲\nlang: zh\n---\n正文。\n")
    assert not session.update().again
    assert "正文。" in (session.layout.site / "zh/n/a/index.html").read_text("utf-8")
    assert not differences(session, tmp_path / "copy")


def test_a_vault_that_becomes_chinese_asks_for_another_session(session: Session) -> None:
    vault = session.layout.vault
    shutil.rmtree(vault)
    _add(vault / "Home.md", "# 我的笔记\n\n见 [[注意力]]。\n")
    _add(vault / "注意力.md", "# Attention\n\nThe scores of a query.\n")
    session = _another(session)
    _cut(vault / "注意力.md", "# ")
    _add(vault / "注意力.md", "# 注意力\n\nquery 的分数。\n")
    assert session.update().again


def _another(session: Session) -> Session:
    """A session on the same vault, as the worker makes one when all pages have changed."""
    assert session.update().again
    return _ready(session.layout)


def _ready(layout: Layout) -> Session:
    session = Session(layout)
    assert session.build().ok
    session.get_ready()
    return session


def test_a_change_that_no_page_shows_writes_nothing(session: Session) -> None:
    _add(session.layout.vault / "concepts" / "Attention.md", "\n<!-- a comment -->\n")
    done = session.update()
    assert not done.stopped and not done.faults and done.written == []


def test_the_search_index_is_made_for_the_languages_that_are_behind(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, list[str]]] = []

    def refresh(self: Searcher, urls: set[str]) -> list[str]:
        made.append((self.language, sorted(urls)))
        _add(self.layout.html(self.language) / INDEX / "entry", "x")
        return []

    monkeypatch.setattr(Searcher, "refresh", refresh)
    _add(session.layout.vault / "concepts" / "KV cache.zh.md", "\n新的一句。\n")
    session.update()
    assert load(session.layout).key == ""  # the site is not yet what a build makes
    assert session.refresh_search() == []
    assert made == [("zh", ["concepts/kv-cache/"])]
    assert (session.layout.site / "zh" / INDEX / "entry").is_file()
    assert load(session.layout).key == fingerprint(session.layout)


def test_the_worker_answers_line_by_line(tmp_path: Path) -> None:
    asked: list[str] = []

    class Stub:
        behind: ClassVar[dict[str, set[str]]] = {}
        state = None
        unsettled = False

        def build(self, mode: str) -> Report:
            asked.append(mode)
            return Report(True, True, pages=3)

        def get_ready(self) -> None:
            asked.append("ready")

        def update(self) -> Update:
            return Update(written=["a/index.html"])

    requests = tmp_path / "requests"
    requests.write_text('{"do": "build", "mode": "draft"}\n{"do": "update"}\n')
    answers = io.StringIO()
    read, write = os.pipe()
    os.write(write, requests.read_bytes())
    os.close(write)
    with os.fdopen(read, encoding="utf-8", buffering=1) as lines:
        work(cast("Session", Stub()), lines, answers)
    first, second = (json.loads(line) for line in answers.getvalue().splitlines())
    assert first["pages"] == 3 and asked == ["draft", "ready"]
    assert second["written"] == ["a/index.html"]


@pytest.mark.parametrize("asked", ["build", "update"])
def test_a_disk_that_is_full_is_said_and_the_next_process_begins_anew(tmp_path: Path, asked: str) -> None:
    class Stub:
        behind: ClassVar[dict[str, set[str]]] = {}
        state = None
        unsettled = False

        def update(self, *_: str) -> Update:
            raise OSError(errno.ENOSPC, "No space left", "a/b.md")

        build = update

    read, write = os.pipe()
    os.write(write, f'{{"do": "{asked}", "mode": "draft"}}\n'.encode() * 2)
    os.close(write)
    answers = io.StringIO()
    with os.fdopen(read, encoding="utf-8", buffering=1) as lines:
        work(cast("Session", Stub()), lines, answers)
    (answer,) = (json.loads(line) for line in answers.getvalue().splitlines())
    assert "need to write a/b.md, got: No space left" in answer["faults"][0]
    assert answer["stopped"] if asked == "update" else not answer["ok"]


def test_a_process_that_ended_between_two_requests_is_replaced(tmp_path: Path) -> None:
    builder, pipe = Builder(Layout(tmp_path)), subprocess.PIPE
    ended = [sys.executable, "-c", ""]
    builder._process = subprocess.Popen(ended, stdin=pipe, stdout=pipe, text=True, process_group=0)
    os.waitid(os.P_PID, builder._process.pid, os.WEXITED | os.WNOWAIT)
    assert builder._ask({"do": "update"})["again"] and builder._process is None
