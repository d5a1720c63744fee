"""Slugs are stable, unique and readable in both scripts: a changed slug breaks every link from outside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultkit.site.slugs import heading_slug, page_slug, slugify, unique


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("Home.md", "index"),
        ("concepts/KV cache.md", "concepts/kv-cache"),
        (
            "concepts/Entropy, cross-entropy, KL and perplexity.md",
            "concepts/entropy-cross-entropy-kl-and-perplexity",
        ),
        ("reading-lists/LLM101.md", "reading-lists/llm101"),
        ("concepts/gpt-oss.md", "concepts/gpt-oss"),
    ],
)
def test_pages(path: str, slug: str) -> None:
    assert page_slug(path) == slug


@pytest.mark.parametrize(
    ("heading", "slug"),
    [
        ("The cache grows by `2·n` bytes", "the-cache-grows-by-2-n-bytes"),
        ("[[KV cache|缓存]] 与 **MLA**", "缓存-与-mla"),
        ("为什么重要？", "为什么重要"),
        ("!?", "section"),
    ],
)
def test_headings(heading: str, slug: str) -> None:
    assert heading_slug(heading) == slug


@given(st.text())
def test_a_slug_holds_no_character_that_an_address_must_quote(text: str) -> None:
    slug = slugify(text)
    assert not re.search(r"[\s/?#%&\"'<>]", slug)
    assert slugify(slug) == slug


@given(st.lists(st.sampled_from(["a", "a-2", "b"]), max_size=8), st.sets(st.sampled_from(["a", "b"])))
def test_unique(slugs: list[str], taken: set[str]) -> None:
    result = unique(slugs, taken)
    assert len(set(result)) == len(slugs)
    assert not taken & set(result)
