"""Guards the pages of tags: which there are, what they list, and that no label leads nowhere."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultkit.site.paths import Language
from vaultkit.site.results import Results
from vaultkit.site.sitemap import SiteMap
from vaultkit.site.stage import stage
from vaultkit.site.tagged import tag_key, tag_slug, tags_of
from vaultkit.vault import Vault

VAULT = {
    "Home.md": "# Home",
    "a/One.md": "---\ntags: [Serving/KV, 推理]\naliases: [一]\n---\n# One\n\nAbout 1 < 2 & more. #Deep/a/b\n",
    "a/One.zh.md": "---\nlang: zh\ntitle: 第一\n---\n# 第一\n\n讲第一篇。 #中文\n",
    "a/Two.md": "---\ntags: [serving, SERVING/kv, c++, c_d, c-d, index, '2024']\n---\n# Two\n\n[see #no](https://x.example)\n",
    "b/Stub.md": "---\nstatus: stub\ntags: [secret, serving]\n---\n# Stub\n",
    "b/Host.md": "# Host\n\n![[Two]]\n\n![[Stub]]\n\n![[One]]\n",
    "b/Hidden.md": "---\npublish: false\ntags: [hidden]\n---\n# Hidden\n",
}


def staged(folder: Path, language: Language, notes: dict[str, str]) -> dict[str, str]:
    for path, text in notes.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    files = stage(SiteMap.of(Vault.load(folder)), language, Results(folder)).files
    return {path: content.decode() for path, content in files.items() if path.endswith(".md")}


@pytest.fixture(scope="module")
def english(tmp_path_factory: Any) -> dict[str, str]:
    return staged(tmp_path_factory.mktemp("vault"), "en", VAULT)


def tags_in(files: dict[str, str]) -> set[str]:
    return {path.removeprefix("tags/") for path in files if path.startswith("tags/")}


def test_one_page_for_each_tag_of_a_written_note(english: dict[str, str]) -> None:
    plain = {"index.md", "serving.md", "serving/kv.md", "推理.md", "deep.md", "deep/a.md", "deep/a/b.md"}
    plain |= {"中文.md", "c_d.md", "c-d.md", "2024.md", "no.md"}
    found = tags_in(english)
    assert plain < found
    marked = found - plain
    assert len(marked) == 2 and all(re.fullmatch(r"(c|index)-[0-9a-f]{8}\.md", name) for name in marked)
    assert "secret" not in "".join(text for path, text in english.items() if path.startswith("tags/"))
    assert "hidden" not in "".join(english.values())


def test_a_deck_of_cards_is_no_topic_unless_a_page_shows_it(tmp_path: Path) -> None:
    notes = {
        "Home.md": "# Home",
        "Deck.md": "# Deck\n\nText #topic\n\n#flashcards/inference #Flashcards\nWhy?::So\n",
        "Said.md": "---\ntags: [flashcards/said]\n---\n# Said\n\nAbout #flashcards here\n\n#flashcards/x\n",
    }
    files = staged(tmp_path, "en", notes)
    assert tags_in(files) == {"index.md", "topic.md", "flashcards.md", "flashcards/said.md"}
    assert "deck" not in files["tags/flashcards.md"] and "said" in files["tags/flashcards.md"]
    assert "flashcards" not in files["Deck.md".lower()] and "tags/flashcards/said/" in files["said.md"]


def test_a_page_lists_its_notes_and_the_tags_around(english: dict[str, str]) -> None:
    page = english["tags/serving.md"]
    assert "2 notes." in page and page.count("<li>") == 3  # Two here and below, One below
    assert '<a href="../../a/one/">One</a></p><p>About 1 &lt; 2 &amp; more.' in page.replace("<p> ", "<p>")
    assert '<a class="k-tag" href="../../tags/serving/kv/">#Serving/KV</a>' in page
    below = english["tags/deep/a/b.md"]
    assert "Above" in below and "../../../../tags/deep/a/" in below
    index = english["tags/index.md"]
    assert '#serving</a> <span class="k-tag-count">2</span>' in index


def test_in_chinese_by_chinese_titles(tmp_path: Path) -> None:
    files = staged(tmp_path, "zh", VAULT)
    assert tags_in(files) == tags_in(staged(tmp_path, "en", VAULT))
    assert ">第一</a></p><p>讲第一篇。" in files["tags/推理.md"]
    assert '<p lang="en">' in files["tags/serving.md"]


def test_every_label_that_leads_somewhere_leads_to_a_page(english: dict[str, str]) -> None:
    links = 0
    for path, text in english.items():
        url = path.removesuffix(".md").removesuffix("index")
        depth = url.strip("/").count("/") + 1 if url else 0
        for href in re.findall(r'<a class="k-tag" href="([^"]*)"', text):
            links += 1
            up, _, rest = unquote(href).rpartition("../")
            assert (up.count("../") + 1 if up or href.startswith("../") else 0) == depth, (path, href)
            assert rest.strip("/") + ".md" in english, (path, href)
    assert links == 30
    assert '<span class="k-tag">#secret</span>' in english["b/stub.md"]
    assert "#no</a>" not in english["a/two.md"]


def test_a_vault_with_a_folder_of_that_name_keeps_it(tmp_path: Path) -> None:
    files = staged(tmp_path, "en", {"tags/Mine.md": "---\ntags: [x]\n---\n# Mine\n"})
    assert "note-tags/x.md" in files and "tags/mine.md" in files
    assert 'href="../../note-tags/x/"' in files["tags/mine.md"]


def test_no_tags_no_pages(tmp_path: Path) -> None:
    assert not tags_in(staged(tmp_path, "en", {"Home.md": "# Home #"}))


TAG = st.lists(
    st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=5), max_size=12
)


@given(st.lists(TAG.map("/".join)), st.text(max_size=300))
def test_no_two_tags_share_an_address(names: list[str], long: str) -> None:
    tags = tags_of({"page": [*names, long]})
    slugs = {tag_slug(key) for key in tags}
    assert len(slugs) == len(tags)
    for slug in slugs:
        parts = slug.split("/")
        assert len(parts) <= 9 and all(part not in ("", "index", "readme", ".", "..") for part in parts)
        assert all(len(part.encode()) <= 180 for part in parts)
    for tag in tags.values():
        assert all(tags[key].above == tag.key for key in tag.below)
        assert tag_key(tag.name) == tag.key


def test_the_site_leads_to_its_tags_and_does_not_search_them(sample: Any) -> None:
    assert '<a class="k-tag" href="../../tags/inference/">#inference</a>' in sample.html(
        "zh/concepts/kv-cache"
    )
    page = sample.html("zh/tags/inference")
    assert "<title>#inference" in page and "KV 缓存" in page and "data-searched" not in page
    assert '<a href="tags/">Tags</a>' in sample.html("")
