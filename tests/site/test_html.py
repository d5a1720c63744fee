"""Guards the quick ways of rendering: they give what the slow ones give."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown
from mkdocs.config import load_config
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import _RelativePathTreeprocessor
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from vaultkit.site.extensions import MARKDOWN
from vaultkit.site.html.code import coloured, quick, slim
from vaultkit.site.html.first_characters import first_characters
from vaultkit.site.html.links import Links
from vaultkit.site.html.quick_markdown import Quick
from vaultkit.site.html.source import read
from vaultkit.site.katex import shrink
from vaultkit.site.pages.quoted import excerpt, quoted

HERE = Path(__file__).parent
LEXERS = re.split(
    " ", "python pycon c cpp cuda bash console js yaml toml json html css md rust sql diff make text"
)
PIECES = [
    *"abc \n\n`$*_=~#|[]()<>&!:-+.?^\\1",
    *("\n\n", "    ", "**", "==", "~~", "$x$", "```", "```py\n", "<b>", "</b>", "<div>\n", "</div>", "&amp;"),
    *("&lt", "[a](b)", "[^1]", "[^1]: ", "*[a]: b\n", "> ", "> [!note] t\n", "- ", "1. ", "- [ ] ", "# "),
    *("| a | b |\n|---|---|\n", "\n===\n", "---\n", "{ .k }", "??? ", ": d\n", "中文"),
]
MARKS = [
    *("~~a~~", "*a*", "_a_", "==a==", "`a`", "$a$", "[a](b)", "![a](b)", "<b>a</b>\n\n<hr>", "a  \nb", "\\*"),
    *(
        "<http://a.b>",
        "<a@b.org>",
        "a[^1]\n\n[^1]: x",
        "a\n\n: b",
        "> a",
        "# a",
        "a\n===",
        "a\n---",
        "***",
        "1. a",
    ),
    *(
        "- a",
        "+ a",
        "* a",
        "| a | b |\n|---|---|\n| c | d |",
        "*[a]: b\n\na",
        "[a]: b\n\n[a]",
        "$$\na\n$$",
        "    a",
    ),
    *(
        '<div markdown="1">\n\n*a*\n\n</div>',
        '??? note "x"\n    a',
        "```\na\n```",
        "- [ ] a",
        "a { #b }\n\n# c { #d }",
    ),
]
CODE = re.compile(r"<pre>(?:<span></span>)?<code>.*?</code>", re.DOTALL)


def converter(*more: Any) -> Markdown:
    return Markdown(extensions=[*MARKDOWN, *more], extension_configs=MARKDOWN)


QUICK, PLAIN = converter(Quick()), converter()


def uncoloured(text: str) -> str:
    """HTML with the text of code alone, which both ways colour in their own way."""
    return CODE.sub(lambda code: re.sub("<[^>]*>", "", code[0]), text)


def same_tokens(name: str, text: str) -> bool:
    ours, theirs = quick(get_lexer_by_name(name)), get_lexer_by_name(name)
    return list(ours.get_tokens(text)) == list(theirs.get_tokens(text))


def staged(folder: Path) -> list[str]:
    return [read(file.read_text("utf-8"))[0] for file in sorted(folder.rglob("*.md"))]


def test_one_parser_for_all_pages_gives_what_one_for_each_gives(sample: Any) -> None:
    pages = [text for language in ("en", "zh") for text in staged(sample.layout.stage(language))]
    assert len(pages) > 25
    for text in (*pages, *reversed(pages)):
        assert uncoloured(QUICK.reset().convert(text)) == uncoloured(converter().convert(text))


@pytest.mark.parametrize("text", MARKS)
def test_a_quick_parser_finds_each_mark_where_there_is_no_other(text: str) -> None:
    assert (
        uncoloured(QUICK.reset().convert(text)) == uncoloured(PLAIN.reset().convert(text)) != f"<p>{text}</p>"
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_a_quick_parser_gives_what_a_plain_one_gives(text: str) -> None:
    assert uncoloured(QUICK.reset().convert(text)) == uncoloured(PLAIN.reset().convert(text))


@pytest.mark.parametrize("name", LEXERS)
def test_a_quick_lexer_finds_the_same_tokens(name: str) -> None:
    for file in (
        Path(__file__),
        HERE / "conftest.py",
        HERE / "features" / "blocks.txt",
        HERE.parents[1] / "mkdocs.yml",
    ):
        text = file.read_text("utf-8")[:3000]
        assert list(quick(get_lexer_by_name(name)).get_tokens(text)) == list(
            get_lexer_by_name(name).get_tokens(text)
        )


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(LEXERS), st.text(alphabet=[*"ab1_'\"\\#{}()[]<>/*=+-.:;,@$&|!%\n\t é中"], max_size=60))
def test_a_quick_lexer_finds_the_same_tokens_in_any_text(name: str, text: str) -> None:
    assert list(quick(get_lexer_by_name(name)).get_tokens(text)) == list(
        get_lexer_by_name(name).get_tokens(text)
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("abc", "a"),
        ("a?b", "ab"),
        ("(?:x|yz)+q", "xy"),
        ("[a-c]", "abc"),
        (r"(?<!d)e", "e"),
        ("(?i)k", "kK"),
        (r"(?=ab)a", "a"),
        ("a{0,2}(b)", "ab"),
    ],
)
def test_the_first_characters_of_an_expression(pattern: str, expected: str) -> None:
    assert first_characters(re.compile(pattern)) == set(expected)


@pytest.mark.parametrize("pattern", ["", "a*", "(a|)", "[^a]", ".", r"\W", "é|a", r"(a)?\1", "(?i:a)"])
def test_of_an_expression_that_may_begin_anyhow_nothing_is_left_out(pattern: str) -> None:
    found = first_characters(re.compile(pattern))
    assert all(char in found for char in map(chr, range(128)) if re.match(pattern, char))
    assert re.match(pattern, "") is None or len(found) == 128


def test_code_is_coloured_as_pygments_does_where_colour_shows() -> None:
    for name, file in (
        ("python", Path(__file__)),
        ("html", HERE.parents[1] / "README.md"),
        ("bash", HERE / "conftest.py"),
    ):
        text = file.read_text("utf-8")
        plain = slim(highlight(text, get_lexer_by_name(name), HtmlFormatter(nowrap=True)))
        plain = re.sub(r'<span class="[^"]*"></span>', "", plain).replace("&quot;", '"').replace("&#39;", "'")
        ours = coloured(quick(get_lexer_by_name(name)), text)
        assert ours == plain and html.unescape(re.sub("<[^>]*>", "", ours)).strip("\n") == text.strip("\n")


def test_links_are_those_of_mkdocs(tmp_path: Path) -> None:
    config = load_config(config_file=None, docs_dir=str(tmp_path), site_name="x")
    names = ["index.md", "a/index.md", "a/b.md", "a/b/c.md", "a/x.png", "d/e.md", "d/中.md"]
    files = Files([File(name, str(tmp_path), str(tmp_path), True) for name in names])
    ours = Links(config)
    urls = [
        *(
            "b.md",
            "b.md#x",
            "index.md",
            "../index.md",
            "b/c.md#y",
            "../a/b.md",
            "../d/e.md",
            "d/e.md",
            "x.png",
        ),
        *(
            "",
            "#z",
            "e.md?q=1#f",
            "https://b.org/x.md",
            "../d/%E4%B8%AD.md",
            "../d/中.md",
            "none.md",
            "/a/b.md",
        ),
        *("c.md", "."),
    ]
    for name in (*names, *reversed(names)):
        for file in [one for one in files if one.src_uri == name and name.endswith(".md")]:
            ours.begin(file, files)
            theirs = _RelativePathTreeprocessor(file, files, config)
            assert [ours.path_to_url(url) for url in urls] == [theirs.path_to_url(url) for url in urls]
            assert ours.links_to_anchors == theirs.links_to_anchors


def test_a_quoted_sentence_is_text_but_for_code_formulas_and_links() -> None:
    text, formulas = quoted(
        'See `a<b` and $x<y$ in [the *web*](https://a.org/?a=1&b=2 "t") & *more* `#!py c`, <b>$5'
    )
    assert text == (
        'See <code>a&lt;b</code> and <span class="arithmatex">\\(x&lt; y\\)</span> in '
        '<a href="https://a.org/?a=1&amp;b=2">the *web*</a> &amp; *more* <code>c</code>, &lt;b&gt;$5'
    )
    assert [formula.tex for formula in formulas] == ["x< y"]
    assert "<a" not in quoted("[x](javascript:alert(1))")[0]


def test_a_long_sentence_is_quoted_around_the_link() -> None:
    words = [f"w{n}" for n in range(200)]
    text = " ".join([*words[:90], "The note", "`a b c`", *words[90:]])
    found = excerpt(text, ["Other", "The note"])
    assert len(found) < 210 and found.startswith("… w") and found.endswith(" …")
    assert "The note `a b c` w90" in found and found[2:-2] in text
    assert excerpt("短" * 500, ["无"]) == "短" * 180 + " …"
    assert excerpt(f"{'x ' * 85}`{'y ' * 40}` z", [""]) == f"{'x ' * 85}`{'y ' * 40}` …"
    assert excerpt("a" * 180, ["b"]) == "a" * 180 and excerpt("a" * 900, ["a"]) == "a" * 900


def test_a_formula_loses_what_does_nothing() -> None:
    twice = '<span class="mord mtight"><span class="mord mtight">5</span></span>'
    once = '<span class="mord mtight">5</span>'
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML"></math>'
    assert (
        shrink(f'{math}<span style="margin-left:0em;">{twice}</span>') == f"<math></math><span>{once}</span>"
    )
    assert (
        shrink('<b style="top:1em;">x</b><i style="a:b;" id="c">')
        == '<b style="top:1em">x</b><i style="a:b" id="c">'
    )
    assert (
        shrink('<span class="a"><span class="a">5</span></span>')
        == '<span class="a"><span class="a">5</span></span>'
    )


@pytest.mark.slow
def test_mkdocs_on_its_own_makes_the_same_pages(sample: Any, tmp_path: Path) -> None:
    layout = sample.layout
    env = os.environ | {"KVIST_STAGED": "1", "NO_MKDOCS_2_WARNING": "1"}
    for language, half in (("en", layout.site), ("zh", layout.site / "zh")):
        out = tmp_path / language
        command = ["mkdocs", "build", "-q", "--strict", "-f", str(layout.config(language)), "-d", str(out)]
        done = subprocess.run(
            [sys.executable, "-m", *command], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        pages = [file.relative_to(out) for file in out.rglob("*.html")]
        assert len(pages) > 12
        assert [page for page in pages if (half / page).read_bytes() != (out / page).read_bytes()] == []
