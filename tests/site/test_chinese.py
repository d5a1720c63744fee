"""A vault whose notes are Chinese without pairs: the site is Chinese from its root on, with no switch."""

import shutil

import pytest

from vaultkit.memo import Memo
from vaultkit.note import parse_note
from vaultkit.site.build import build
from vaultkit.site.chinese import is_chinese_vault
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.stage import stage_all

HOME = "---\nkind: home\n---\n# 我的笔记\n\n> [!abstract] 一句话\n> 这里讲注意力。\n\n见 [[注意力]]。\n"
NOTE = "---\nstatus: stub\n---\n# 注意力\n\n> [!note]\n> 用 query 去问所有的 key，再把 value 加权求和。\n"


def chinese(project: Layout) -> None:
    shutil.rmtree(project.vault)
    (project.vault / "concepts").mkdir(parents=True)
    (project.vault / "Home.md").write_text(HOME, "utf-8")
    (project.vault / "concepts" / "注意力.md").write_text(NOTE, "utf-8")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"A.md": "缓存很大。", "B.md": "---\na: b\n---\n", "C.md": ""}, True),
        ({"A.md": "缓存很大，见 the cache。\n\n```python\nall of these are words of code\n```\n"}, True),
        ({"A.md": "---\nlang: zh\n---\nKV cache\n"}, True),
        ({"A.md": "缓存很大。", "A.zh.md": "缓存很大。"}, False),
        ({"A.md": "缓存很大。", "B.md": "The cache is large."}, False),
        ({"A.md": "The cache (缓存) is large, — and grows with every token.\n"}, False),
        ({"A.md": "キャッシュは大きいです。履歴を保存します。"}, False),
        ({"A.md": "Кэш растёт с каждым токеном."}, False),
        ({"A.md": "", "B.md": "---\na: b\n---\n"}, False),
        ({}, False),
    ],
)
def test_which_vault_is_chinese(texts: dict[str, str], expected: bool) -> None:
    assert is_chinese_vault([parse_note(path, text) for path, text in texts.items()], Memo()) is expected


def test_both_halves_speak_chinese_without_a_notice(project: Layout) -> None:
    chinese(project)
    trees, _ = stage_all(project, LANGUAGES)
    assert {path: text for path, text in trees[0].files.items() if path.endswith(".md")} == {
        path: text for path, text in trees[1].files.items() if path.endswith(".md")
    }
    page = (project.stage("en") / "concepts" / "注意力.md").read_text("utf-8")
    assert '"lang": "zh"' in page and "k-notice" not in page and "[!note] 备注" in page
    assert ">待写<" in page and "引用本页的页面" not in page  # the front page does not count


def test_a_note_is_called_as_it_says(project: Layout) -> None:
    chinese(project)
    concepts = project.vault / "concepts"
    (concepts / "注意力.md").write_text("---\ntitle: 注意力机制\naliases: [别名]\n---\n正文。\n", "utf-8")
    (concepts / "缓存.md").write_text("---\naliases: [别称]\n---\n# 缓存的标题\n\n正文。\n", "utf-8")
    (concepts / "今天.md").write_text("---\naliases: [今日]\n---\n正文。\n", "utf-8")
    stage_all(project, LANGUAGES)
    for half in LANGUAGES:
        heads = []
        for name in ("注意力", "缓存", "今天"):
            text = (project.stage(half) / "concepts" / f"{name}.md").read_text("utf-8")
            heads.append(next(line for line in text.splitlines() if line.startswith("# ")).split(" {")[0])
            assert "k-subtitle" not in text and "k-notice" not in text
        assert heads == ["# 注意力机制", "# 缓存的标题", "# 今天"]


@pytest.mark.slow
def test_the_site_is_chinese_from_its_root_on(project: Layout) -> None:
    chinese(project)
    report = build(project, mode="lenient")
    assert report.ok, report.problems
    for half in ("", "zh/"):
        page = (project.site / half / "concepts" / "注意力" / "index.html").read_text("utf-8")
        assert '<html lang="zh"' in page and "跳到正文" in page and "data-k-switch" not in page
        assert 'hreflang="zh"' in page and 'hreflang="en"' not in page
        assert 'lang="en"' not in page
    assert "概念" in (project.site / "index.html").read_text("utf-8").split("<main")[0]
    sitemap = (project.site / "sitemap.xml").read_text("utf-8")
    assert sitemap.count("<loc>") > 2 and 'hreflang="zh"' in sitemap and 'hreflang="en"' not in sitemap
    assert 'xml:lang="zh"' in (project.site / "feed.xml").read_text("utf-8")
    not_found = (project.site / "404.html").read_text("utf-8")
    assert "找不到页面" in not_found and "Page not found" not in not_found
