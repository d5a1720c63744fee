"""Guards the terms of the glossary: how STYLE.md's table is read, and where a page marks a first mention."""

import re
from pathlib import Path

import pytest

from vaultkit.glossary import glossary
from vaultkit.site.terms import Terms

TABLE = """# Style

| no | glossary |
| --- | --- |
| above | 上面 |

## Glossary of terms

| English | 中文 | not |
| --- | --- | --- |
| KV cache | KV 缓存（别名 键值缓存） | |
| prefill / decode | 预填充 / 解码 | 预填 |
| draft, proposal | 草稿 / 提议 | |
| tensor / data parallelism | 张量 / 数据并行 | |
| inference / reasoning | 推理（inference）/ 推理（reasoning），首次必须注明 | |
| order (of additions) | 顺序 | |
| token | token（首次写作 词元（token）） | 令牌 |
| kernel | 核函数；英文不译 | |
| one / two / three | 一 / 二 | |

## After

| later | 以后 |
"""
PAIRS = [("KV cache", "KV 缓存"), ("prefill", "预填充"), ("kernel", "核函数"), ("block", "块")]


def marked(text: str, language: str = "en") -> list[tuple[str, str]]:
    out = Terms(PAIRS, language).mark(text)  # type: ignore[arg-type]
    assert re.sub(r'<span class="k-term"[^>]*>(.*?)</span>', r"\1", out) == text, "the text itself must stay"
    return re.findall(r'class="k-term" tabindex="0" data-k-tip="([^"]*)"[^>]*>([^<]*)', out)


def test_the_table(tmp_path: Path) -> None:
    (tmp_path / "STYLE.md").write_text(TABLE, "utf-8")
    assert glossary(tmp_path) == [
        ("KV cache", "KV 缓存"),
        ("prefill", "预填充"),
        ("decode", "解码"),
        ("draft", "草稿"),
        ("proposal", "提议"),
        ("tensor parallelism", "张量并行"),
        ("data parallelism", "数据并行"),
        ("kernel", "核函数"),
    ]
    assert glossary(tmp_path / "nowhere") == []


def test_ours_is_read() -> None:
    ours = dict(glossary(Path(__file__).parents[2]))
    assert ours["speculative decoding"] == "推测解码" and ours["pipeline parallelism"] == "流水线并行"
    assert "order" not in ours and "reasoning" not in ours and "token" not in ours


def test_only_the_first_mention() -> None:
    text = "<p>A kv cache, one KV cache and prefill.</p><ul><li>Prefill</li></ul>"
    assert marked(text) == [("KV 缓存", "kv cache"), ("预填充", "prefill")]
    assert marked("<p>缓存：KV 缓存，再说 KV 缓存。块</p>", "zh") == [("KV cache", "KV 缓存")]
    assert marked("<p>预填充器不是预填充</p>", "zh") == [("prefill", "预填充")]


@pytest.mark.parametrize(
    "text",
    [
        "<p><code>prefill</code></p>",
        "<p><a href='#'>the <em>prefill</em></a></p>",
        "<h2>Prefill</h2>",
        '<p><span class="katex"><span>prefill</span></span></p>',
        '<nav><ul><li>prefill</li></ul></nav><div data-unsearched=""><p>prefill</p></div>',
        "<div>prefill</div>",
        "<p>prefilled, non-prefill</p>",
        "<p>prefill (<em>Vorlauf</em>)</p><p>prefill</p>",
        '<p title="prefill">x<!-- prefill --></p>',
    ],
)
def test_not_where_it_is_no_running_text(text: str) -> None:
    assert marked(text) == []


def test_unclosed_and_void_elements_do_not_hide_what_follows() -> None:
    assert marked("<ul><li><code>x</code><br>a<li><img src='y'>prefill</ul>") == [("预填充", "prefill")]
    assert marked("</p><p><a>x</p><p>prefill</p>") == [("预填充", "prefill")]
