"""New parts in the place of old ones on a page: done only where the page says that it is the same."""

import pytest
from markdown import Markdown

from vaultkit.site import extensions
from vaultkit.site.html.quick_markdown import Quick
from vaultkit.site.html.source import Source
from vaultkit.site.live.splice import Finisher, spliced
from vaultkit.site.plain.write import to_plain
from vaultkit.site.terms import Terms

EXTRA = {
    "k_renderer": None,
    "k_lang": "zh",
    "k_addresses": {},
    "k_package": "kvist",
    "k_types": {},
    "k_ui": {"permalink": "here"},
}
TABLE = "<table><tr>" + "<td>cell</td>" * 30 + "<td>{}</td></tr></table>"
FOOT = (
    '\n<section class="k-backlinks" data-unsearched><ul>\n<li><a href="../a/">{}</a></li>\n</ul></section>\n'
)


def make(text: str, head: str = "", below: str = "") -> Source:
    return Source(text, {"k": {"kind": "api", "lang": "zh", "head": [1, 2]}}, head, below)


def render(source: Source) -> str:
    parser = Markdown(extensions=[*extensions.MARKDOWN, Quick()], extension_configs=extensions.MARKDOWN)
    return f"<h1>Page</h1>\n{source.head}{parser.convert(source.markdown)}{source.below}<nav>chrome</nav>"


def done(old: Source, new: Source) -> str | None:
    found = spliced(render(old), old, new, "a/b/", Finisher(EXTRA))
    assert found is None or found == render(new)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "See [old](x.md), then [other](y.md).",
        "- [old](x.md)\n- [old](x.md){ .k-planned } and text",
        "| a |\n| --- |\n| [old](x.md) |",
        "> [old](x.md)",
        f"Text.\n\n{TABLE.format('old')}\n\nMore.",
    ],
)
def test_words_of_links_and_lines_of_html_take_new_ones(text: str) -> None:
    assert done(make(text), make(text.replace("old", "新的"))) is not None


def test_heads_and_feet_too() -> None:
    head = '<p class="k-subtitle">{}</p>\n\n'
    old = make("Text.", head.format("old"), FOOT.format("old"))
    assert done(old, make("Text.", head.format("new"), FOOT.format("new"))) is not None
    more = FOOT.format("new").replace("</ul>", "<li>one more</li>\n</ul>")
    assert done(old, make("Text.", head.format("old"), more)) is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# A [old](x.md)", "# A [new](x.md)"),  # stands in the contents as well
        ("[old](x.md)", "[new](y.md)"),
        ("[old](x.md)", "[new](x.md) and more"),
        ("[old](x.md) and [old](y.md)", "[new](x.md) and [old](y.md)"),
        ("[old](x.md) and [mid](y.md)", "[mid](x.md) and [new](y.md)"),
        ("[old](x.md)", "[*new*](x.md)"),
        ("[old](x.md)", "[a <b> c](x.md)"),
        ("`[old](x.md)`", "`[new](x.md)`"),
        ('`[old](x.md)` <a href="y">old</a>', '`[new](x.md)` <a href="y">old</a>'),  # code, and another link
        ("![old](x.png)", "![new](x.png)"),
        ("[old](x.md)\n\n*[KV]: cache", "[KV](x.md)\n\n*[KV]: cache"),
        ('[old](x.md) <a href="y">old</a>', '[new](x.md) <a href="y">old</a>'),
        ("One line.", "One line.\n\nAnother."),
    ],
)
def test_what_is_in_doubt_is_left(before: str, after: str) -> None:
    assert done(make(before), make(after)) is None


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (
            '<div class="k-head" data-unsearched><p><a>{}</a></p>\n<ol><li>{}</li></ol></div>',
            1,
        ),
        ('<p class="k-notice">{}</p>\n\n<div class="k-head" data-unsearched><p>x</p></div>', 0),
        ('<div class="k-head" data-unsearched><p>x</p></div>\n\n<p class="k-notice">{}</p>', 0),
    ],
)
def test_a_term_is_no_matter_where_none_is_marked(head: str, told: int) -> None:
    """Elsewhere the first mention on the page may have come or gone."""
    extra = EXTRA | {"k_terms": Terms([("cache", "缓存"), ("key", "键值")], "zh")}
    old, new = (
        Source("正文。", {"k": {"kind": "concept", "lang": "zh"}}, head.replace("{}", word), "")
        for word in ("缓存", "键值")
    )
    found = spliced(render(old), old, new, "a/b/", Finisher(extra))
    assert found == (render(new) if told else None)


def test_a_head_that_comes_or_goes_is_left() -> None:
    assert done(make("Text."), make("Text.", below=FOOT.format("new"))) is None
    assert done(make("Text.", below=FOOT.format("old")), make("Text.")) is None
    twice = make("Text.", "<p>old</p>", "<p>old</p>")
    assert done(twice, make("Text.", "<p>new</p>", "<p>old</p>")) is None


def test_long_lines_of_html_are_what_markdown_makes_of_them() -> None:
    quick, plain = (
        Markdown(extensions=[*extensions.MARKDOWN, *more], extension_configs=extensions.MARKDOWN)
        for more in ([Quick()], [])
    )
    long = TABLE.format("&amp; <b>bold</b> <br> <img alt='a > b'/> *x*")
    for text in (
        f"Text.\n\n{long}\n\n- item",
        f"{long}\n\n{long}",
        f"Text\n{long}\n\ntext",
        f"<div>\n\n{long}\n\n</div>",
        f"```\n\n{long}\n\n```",
        f"<pre>\n\n{long}\n\n</pre>",
        f"<!--\n\n{long}\n\n-->",
        f"{long}</p>",
        long.replace("<td>cell</td>", "<td>", 1),
        long.replace("<table>", '<table markdown="1">'),
    ):
        ours, theirs = (
            " ".join(parser.reset().convert(text).replace("<span></span>", "").split())
            for parser in (quick, plain)
        )
        assert ours == theirs


def test_a_paragraph_that_was_parsed_before_is_the_same_again() -> None:
    first = to_plain("[x]\ntext\n")
    to_plain("- [x]\n  text\n")  # the same words, of which a list makes something else
    assert to_plain("[x]\ntext\n") == first
    assert to_plain("[x]\ntext\n\n[x]: b.md\n") != first
