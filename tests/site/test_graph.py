"""Guards the graph of the site: its data for any vault, the page of the whole, and what is near a note."""

import gzip
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaultkit.site.graph import Graph, graph_of
from vaultkit.site.graph_files import SHARDS, graph_files, shard_of, signs_of
from vaultkit.site.hook import graph_slug
from vaultkit.site.pages.graph import graph_page
from vaultkit.site.paths import Language
from vaultkit.site.results import Results
from vaultkit.site.sitemap import SiteMap
from vaultkit.site.stage import stage
from vaultkit.vault import Vault

NOTES = {
    "Home.md": "# Home\n[[One]] and [[Nowhere|a note]] and [[nowhere.md]]",
    "a/One.md": "---\nkind: concept\nprerequisites: ['[[Two]]']\n---\n# One\n![[Two]] ![[gone.png]]",
    "a/One.zh.md": "---\ntitle: 一\nlang: zh\n---\n# 一\n[[Two]] [[Three]]",
    "b/Two.md": "---\nstatus: stub\n---\n# Two\n[[One.zh]]",
    "b/Three.md": "# Three",
    "b/Alone.md": "---\nkind: [odd]\n---\n# Alone\n[[Alone#x]]",
    "Filled.md": "---\nkind: planned-notes\n---\n[[Alone]]",
    "templates/T.md": "[[Alone]]",
    "Board.canvas": '{"nodes":[{"id":"1","type":"file","file":"b/Three.md",'
    '"x":0,"y":0,"width":9,"height":9}],"edges":[]}',
}


def graph_in(folder: Path, notes: dict[str, str], kept: Path | None = None) -> tuple[Graph, SiteMap]:
    for path, text in notes.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    sitemap = SiteMap.of(Vault.load(folder))
    return graph_of(sitemap, kept), sitemap


def test_pairs_are_one_node_and_every_link_counts_once(tmp_path: Path) -> None:
    graph, _ = graph_in(tmp_path, NOTES)
    kinds = {node.key: node.kind for node in graph.nodes}
    assert kinds == {
        "?nowhere": "missing", "Board.canvas": "canvas", "Home.md": "note", "a/One.md": "concept",
        "b/Alone.md": "b", "b/Three.md": "b", "b/Two.md": "b",
    }  # fmt: skip
    linked = {(graph.nodes[a].key, graph.nodes[b].key) for a, b in graph.links}
    assert linked == {
        ("?nowhere", "Home.md"), ("Home.md", "a/One.md"), ("a/One.md", "b/Two.md"),
        ("a/One.md", "b/Three.md"), ("Board.canvas", "b/Three.md"),
    }  # fmt: skip
    assert [node.planned for node in graph.nodes] == [True, False, False, False, False, False, True]


def test_data_of_both_languages(tmp_path: Path) -> None:
    graph, sitemap = graph_in(tmp_path, NOTES)
    whole = {
        language: json.loads(graph_files(graph, sitemap, language)["assets/graph.json"])
        for language in ("en", "zh")
    }
    assert whole["en"]["t"] == ["Nowhere", "Board", "Home", "One", "Alone", "Three", "Two"]
    assert whole["zh"]["t"][3] == "一"
    assert whole["en"]["k"][0] == ["Concept", 0] and whole["zh"]["k"][0] == ["概念", 0]
    for key in "unpxye":
        assert whole["en"][key] == whole["zh"][key]
    assert whole["en"]["u"][0] is None and whole["en"]["u"][3] == "a/one/"
    assert sum(map(len, whole["en"]["e"])) == len(graph.links)


def near_file(files: dict[str, bytes], url: str) -> Any:
    return json.loads(gzip.decompress(files[f"assets/near/{shard_of(url):02x}.bin"]))


def test_what_is_near_a_page(tmp_path: Path) -> None:
    graph, sitemap = graph_in(tmp_path, NOTES)
    files = graph_files(graph, sitemap, "en")
    data = near_file(files, "a/one/")
    total, close, listed, links = data["p"]["a/one/"]
    titles = [data["n"][n][0] for n in listed]
    assert (total, close, titles[0]) == (3, 3, "One")
    assert sorted(titles[1:4]) == ["Home", "Three", "Two"] and sorted(titles[4:]) == ["Board", "Nowhere"]
    shown = {tuple(sorted((titles[a], titles[b]))) for a, b in zip(links[::2], links[1::2], strict=True)}
    assert ("Home", "Nowhere") in shown and len(links) == 4  # the page's own are not said
    near = [text for path, text in files.items() if "near" in path]
    assert near and not any("b/alone/" in json.loads(gzip.decompress(text))["p"] for text in near)


def test_what_is_near_stays_small(tmp_path: Path) -> None:
    notes = {f"n/{n}.md": " ".join(f"[[{m}]]" for m in range(80)) for n in range(80)}
    graph, sitemap = graph_in(tmp_path, {"Home.md": "[[1]]", **notes})
    files = graph_files(graph, sitemap, "en")
    assert all(len(text) < 30_000 for path, text in files.items() if "near" in path)
    total, close, listed, _ = near_file(files, "n/7/")["p"]["n/7/"]
    assert total == 79 and close == 24 and len(listed) <= 41


def test_places_are_kept_until_a_link_changes(tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "graph.json"
    vault = tmp_path / "vault"
    first, _ = graph_in(vault, NOTES, kept)
    saved = kept.read_bytes()
    kept.write_text(saved.decode().replace(str(first.places[0][0]), "-4321", 1), "utf-8")
    again, _ = graph_in(vault, {"a/One.md": NOTES["a/One.md"] + " more words"}, kept)
    assert again.places != first.places  # what was kept is taken as it is
    changed, _ = graph_in(vault, {"b/Three.md": "[[Two]]"}, kept)
    assert -4321 not in {x for x, _ in changed.places}
    kept.write_text("[1, 2", "utf-8")
    graph_in(vault, {"b/Three.md": "# Three"}, kept)
    assert kept.read_bytes() == saved


def test_signs() -> None:
    many = [f"kind {n}" for n in range(9)]
    assert signs_of(["paper", "missing", *many]) == [1, 9, 7, 8, 9, 9, 9, 9, 9, 9, 9]
    assert 0 <= shard_of("概念/缓存/") < SHARDS and shard_of("a/one/") == 52


def test_a_vault_may_have_a_page_called_graph(tmp_path: Path) -> None:
    _, sitemap = graph_in(tmp_path, {"Home.md": "x", "Graph.md": "x"})
    assert graph_page(sitemap).slug == "note-graph"
    _, sitemap = graph_in(tmp_path / "2", {"Home.md": "x", "graph/A.md": "x"})
    assert graph_page(sitemap).slug == "note-graph"
    assert graph_slug(tmp_path) == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_list_names_every_note_of_the_drawing(tmp_path: Path, language: Language) -> None:
    vault = tmp_path / "vault"
    graph, sitemap = graph_in(vault, NOTES)
    files = stage(sitemap, language, Results(vault), graph=graph).files
    page, data = files["graph.md"].decode(), json.loads(files["assets/graph.json"])
    listed = page[page.index('<details class="k-graph-list">') :]
    for title, url in zip(data["t"], data["u"], strict=True):
        shown = re.escape(html.escape(title))
        link = f'<a href="../{re.escape(url or "")}"[^>]*>{shown}</a>'
        assert re.search(link if url else shown, listed)
    assert listed.count("<li>") == len(data["t"])
    (tmp_path / "graph.md").write_text(page, "utf-8")
    assert graph_slug(tmp_path) == "graph"


@pytest.fixture
def graph_at(open_page: Callable[..., Any], sample: Any, serve_folder: Callable[..., str]) -> Any:
    def start(path: str = "graph/", width: int = 1280, **kind: Any) -> Any:
        page = open_page(serve_folder(sample.layout.site) + path, width, **kind)
        page.wait_for_selector(".k-graph[data-ready]")
        return page

    return start


STATUS = ".k-graph-status"
PLACE = """title => {
  const d = document.querySelector(".k-graph").drawing, b = d.canvas.getBoundingClientRect();
  const [x, y] = d.at(d.nodes.findIndex(n => n.title === title)); return [b.x + x, b.y + y]; }"""


@pytest.mark.browser
def test_the_mouse_points_and_opens(graph_at: Any) -> None:
    page = graph_at()
    assert page.locator("[data-pagefind-body]").count() == 0
    page.mouse.move(*page.evaluate(PLACE, "Prefix tree"))
    page.wait_for_function("document.querySelector('.k-graph-status').innerText.includes('Prefix tree')")
    assert "planned" in page.inner_text(STATUS) and "2 links" in page.inner_text(STATUS)
    page.mouse.click(*page.evaluate(PLACE, "KV cache"))
    page.wait_for_url("**/base/concepts/kv-cache/")
    page.go_back()


@pytest.mark.browser
def test_the_keyboard_goes_from_note_to_note(graph_at: Any) -> None:
    page = graph_at("zh/graph/")
    page.focus("canvas")
    page.keyboard.press("Home")
    assert page.inner_text(STATUS).startswith("KV 缓存 · 模型 · ")
    seen = set()
    for key in ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"] * 3:
        page.keyboard.press(key)
        seen.add(page.inner_text(STATUS).split(" · ")[0])
    assert len(seen) >= 3
    before = page.evaluate("document.querySelector('.k-graph').drawing.view.k")
    page.keyboard.press("+")
    assert page.evaluate("document.querySelector('.k-graph').drawing.view.k") > before
    page.keyboard.press("Home")
    page.wait_for_selector(".k-graph-card li a")
    page.wait_for_url("**/zh/graph/#concepts/kv-cache/")
    page.keyboard.press("Escape")
    page.locator(".k-graph-card").wait_for(state="hidden")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_url("**/base/zh/concepts/kv-cache/")


@pytest.mark.browser
def test_search_and_filters(graph_at: Any) -> None:
    page = graph_at()
    page.fill(".k-graph input[type=search]", "prefix")
    assert page.inner_text(STATUS).startswith("1 note found")
    page.keyboard.press("Enter")
    assert page.inner_text(STATUS).startswith("Prefix tree")
    page.fill(".k-graph input[type=search]", "qqq")
    assert page.inner_text(STATUS) == "No note has that in its title or other names."
    page.fill(".k-graph input[type=search]", "键值缓存")
    page.wait_for_function("document.querySelector('.k-graph-status').innerText.startsWith('1 note found')")
    page.keyboard.press("Enter")
    assert page.inner_text(STATUS).startswith("KV cache")
    page.fill(".k-graph input[type=search]", "")
    shown = "document.querySelector('.k-graph').drawing.shown.filter(Boolean).length"
    total = page.evaluate(shown)
    page.get_by_label("planned").uncheck()
    assert page.evaluate(shown) == total - 1
    page.get_by_label("Model").uncheck()
    assert page.evaluate(shown) == total - 3


LABELS = """() => { const d = document.querySelector(".k-graph").drawing;
  d.paint();
  const hubs = d.hubs(12);
  const over = ([left, top, right, bottom], n) => d.nodes.flatMap((_, m) => {
    const [x, y] = d.at(m), r = d.size(m);
    const clear = x + r <= left || x - r >= right || y + r <= top || y - r >= bottom;
    return m === n || clear || (hubs.includes(n) && !hubs.includes(m)) ? [] : [`${n} on ${m}`];
  });
  return { labels: d.labelled, wide: d.width, covered: d.labelled.flatMap(([n, box]) => over(box, n)),
    first: d.labelled[0][0], most: hubs[0],
    hubs: hubs.slice(0, 6).filter(n => d.labelled.some(([m]) => m === n)) }; }"""


@pytest.mark.browser
def test_titles_lie_on_no_other_title_and_on_no_note(open_page: Any, real: Any, serve_folder: Any) -> None:
    page = open_page(f"{serve_folder(real.layout.site)}graph/")
    page.wait_for_selector(".k-graph[data-ready]")
    for _ in range(2):
        drawn = page.evaluate(LABELS)
        assert drawn == page.evaluate(LABELS)  # the same again
        assert len(drawn["labels"]) > 20 and drawn["covered"] == []
        boxes = [box for _, box in drawn["labels"]]
        for n, (left, top, right, bottom) in enumerate(boxes):
            assert left >= 0 and right <= drawn["wide"]
            assert not [o for o in boxes[:n] if o[0] < right and o[2] > left and o[1] < bottom and o[3] > top]
        page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.querySelector('.k-graph').drawing.view.k < 1")
    drawn = page.evaluate(LABELS)
    assert drawn["first"] == drawn["most"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_most_linked_notes_have_their_titles(
    open_page: Any, real: Any, serve_folder: Any, width: int
) -> None:
    """Even where signs crowd: titles may lie on those of lesser notes."""
    page = open_page(f"{serve_folder(real.layout.site)}graph/")
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function("Math.abs(document.querySelector('.k-graph').drawing?.width - innerWidth) < 60")
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.querySelector('.k-graph').drawing.view.k < 1")
    drawn = page.evaluate(LABELS)
    assert len(drawn["hubs"]) >= (6 if width == 1280 else 4) and drawn["covered"] == []


@pytest.mark.browser
def test_a_state_is_told_apart_from_kinds(graph_at: Any) -> None:
    page = graph_at()
    state = page.locator(".k-graph-kinds .k-graph-state")
    assert state.count() == 1 and state.inner_text().startswith("also what is planned")
    colour = "e => getComputedStyle(e).stroke"
    concept = page.locator(".k-graph-kinds .k-sign-0").first.evaluate("e => getComputedStyle(e).fill")
    assert state.locator(".k-sign").evaluate(colour) != concept


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_card_leaves_the_chosen_note_in_sight(graph_at: Any, width: int) -> None:
    page = graph_at()
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function("Math.abs(document.querySelector('.k-graph').drawing.width - innerWidth) < 60")
    under_the_card = """d => { const [a, b] = [".k-graph-canvas", ".k-graph-card"]
        .map(name => document.querySelector(name).getBoundingClientRect());
      const [x, y] = d.at(d.selected);
      return [x + a.left > b.left - 8 && y + a.top > b.top - 8 && y + a.top < b.bottom + 8, x > 0 && y > 0
        && x < a.width && y < a.height]; }"""
    for name in ("Prefix tree", "KV cache"):
        move = """name => { const d = document.querySelector(".k-graph").drawing;
          const n = d.nodes.find(n => n.title === name);
          const low = innerWidth < 560; // where the card will stand
          d.move = function (to) { this.view = to; this.draw(); };
          const [right, down] = [low ? 0 : d.width / 2 - 80, (low ? -1 : 1) * (d.height / 2 - 80)];
          d.view = { ...d.view, x: n.x - right / d.view.k, y: n.y + down / d.view.k }; }"""
        page.evaluate(move, name)
        page.fill(".k-graph input[type=search]", name)
        page.keyboard.press("Enter")
        assert page.inner_text(STATUS).startswith(name)
        found = page.evaluate(f"({under_the_card})(document.querySelector('.k-graph').drawing)")
        assert found == [False, True]


@pytest.mark.browser
def test_names_that_arrive_late_leave_what_was_chosen(
    open_page: Any, sample: Any, serve_folder: Callable[..., str], hold: Any
) -> None:
    page = open_page("about:blank")
    let_go = hold(page, "**/assets/titles.json")
    page.goto(serve_folder(sample.layout.site) + "graph/")
    page.wait_for_selector(".k-graph[data-ready]")
    with page.expect_request("**/assets/titles.json"):
        page.fill(".k-graph input[type=search]", "prefix")
    page.keyboard.press("Enter")
    with page.expect_response("**/assets/titles.json"):
        let_go()
    page.evaluate("new Promise(done => setTimeout(done, 50))")
    assert page.inner_text(STATUS).startswith("Prefix tree")


@pytest.mark.browser
@pytest.mark.parametrize("act", ["zoom(2)", "pan(50, 0)"])
def test_what_a_hand_does_during_a_motion_stays(graph_at: Any, act: str) -> None:
    after = f"""async () => {{
      const d = document.querySelector(".k-graph").drawing, frame = () => new Promise(requestAnimationFrame);
      d.move({{ ...d.view, x: d.view.x + 99, k: 1.5 * d.view.k }});
      await frame();
      d.{act};
      const [began, view] = [performance.now(), {{ ...d.view }}];
      while (performance.now() - began < 300) await frame(); // a motion takes 220
      return [view, d.view];
    }}"""
    then, now = graph_at().evaluate(after)
    assert then == now


@pytest.mark.browser
def test_a_finger_sees_first_what_it_opens(browser: Any, sample: Any, serve_folder: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(serve_folder(sample.layout.site) + "graph/")
    page.wait_for_selector(".k-graph[data-ready]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.touchscreen.tap(*page.evaluate(PLACE, "KV cache"))
    page.wait_for_selector(".k-graph-card a")
    page.wait_for_url("**/graph/#concepts/kv-cache/")
    page.tap(".k-graph-card p a")
    page.wait_for_url("**/base/concepts/kv-cache/")
    context.close()


@pytest.mark.browser
def test_what_is_near_is_fetched_when_it_is_seen(
    open_page: Any, sample: Any, serve_folder: Callable[..., str]
) -> None:
    asked: list[str] = []
    page = open_page("about:blank")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(serve_folder(sample.layout.site) + "zh/concepts/kv-cache/")
    page.wait_for_load_state("networkidle")
    assert not any(name in url for url in asked for name in ("near", "graph.js", "graph-"))
    page.locator("[data-k-near]").scroll_into_view_if_needed()
    page.wait_for_selector(".k-near svg")
    links = page.locator(".k-near svg a")
    assert {"前缀树, 待写", "注意力"} <= set(links.evaluate_all("all => all.map(a => a.ariaLabel)"))
    assert not any("graph.json" in url for url in asked)
    page.locator(".k-near svg a", has_text="注意力").click()
    page.wait_for_url("**/base/zh/concepts/attention/")
    page.locator("[data-k-near]").scroll_into_view_if_needed()
    page.locator(".k-near p a").click()
    page.wait_for_selector(".k-graph[data-ready]")
    page.wait_for_function("document.querySelector('.k-graph-status').innerText.startsWith('注意力')")
