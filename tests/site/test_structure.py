"""A note's blocks are the same in Obsidian and on the site: as trees, on random texts and on real notes."""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.cli import main
from vaultkit.note import parse_note
from vaultkit.site.context import Context
from vaultkit.site.extensions import MARKDOWN
from vaultkit.site.sitemap import SiteMap
from vaultkit.site.transforms import to_markdown, transform
from vaultkit.structure import _converter, rendered
from vaultkit.structure_obsidian import expected
from vaultkit.structure_tree import Difference, difference, tree
from vaultkit.vault import Vault

ROOT = Path(__file__).parents[2]
SAMPLE = Vault.load(Path(__file__).parent / "sample" / "vault")
REAL = Vault.load(ROOT / "vault")
SITEMAPS = {"sample": SiteMap.of(SAMPLE), "real": SiteMap.of(REAL)}

MARKS = [
    *[
        "",
        "",
        "",
        "",
        " ",
        "   ",
        "    ",
        "\t",
        "- ",
        "* ",
        "1. ",
        "2) ",
        "3. ",
        "> ",
        ">",
        "- [ ] ",
        "- [x] ",
    ],
    *["  - ", "   1. ", "\t- ", "- - ", "> - ", "> > ", "- > ", "10. ", "+ ", "- [/] "],
]
OF_FENCES = ("", "> ", "- ")  # a fence below a lazily continued line is the scanner's business
WORDS = [
    *[
        "text",
        "a b c",
        "",
        "",
        "中文，**加粗。**后面",
        "`code`",
        "```",
        "```python",
        "~~~",
        "# Head",
        "## H2 ##",
    ],
    *["| a | b |", "|---|---|", "--- | :-:", "| 1 | 2 | 3 |", "***", "[!note] Title", "[!tip]- T"],
    *["[!warning|x]+", "<b>x</b> y", "$x$ and $y$", "[^1]", "#tag", "[t](u v)", "x {.a}", "{: .b}", ": def"],
    *["*[X]: y", "a  ", "a\\", "1986. x", "-", "https://x.y/z_", "&amp; <", "x = 1", "### *x*"],
    *["== a ==", "?", "$5 and $6", "\\# x", "\\- x", "\\> q", "[ ] x", "**a**b**", "_a_b", "a|b"],
]


def compared(text: str) -> Difference | None:
    note = parse_note("Test.md", text)
    vault = Vault(SAMPLE.root, {"Test.md": note}, {"Test.md"})
    return difference(expected(note), rendered(note, SiteMap.of(vault)))


@settings(max_examples=settings().max_examples * 5 // 2, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MARKS), st.sampled_from(WORDS)), min_size=1, max_size=10))
def test_any_soup_of_blocks_is_the_same_on_both(lines: list[tuple[str, str]]) -> None:
    text = "".join(
        f"{mark if mark in OF_FENCES or words[:1] not in ('`', '~') else ''}{words}\n"
        for mark, words in lines
    )
    assert compared(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "text\n- a\n  - b\n    - c\n1) one\n   - x\n2) two\n",
        "3. three\n\n   para\n4. four\n   ```py\n   x\n   ```\n",
        "- a\n\n  | t |\n  |---|\n  | 1 |\n- b\n",
        "> [!note]- t\n> - a\n>   > [!tip] u\n>   > x\n> ```python\n> y\n> ```\n",
        "<details>\n<summary>s</summary>\n\n- a **b**\n\n</details>\n\nafter\n",
        "<div>\n**no Markdown**\n- here\n</div>\n\ntext\n",
        "a\n| h |\n|---|\n| `x\\|y` |\n\nb | c\n:-- | --:\n1\n",
        "text[^1] and ^[inline]\n\n[^1]: one\n\n  two\n\n[^2]: not cited\n",
        "a %%b%% c\n\n%%\n# hidden\n\n- hidden\n%%\n\n- x %% y %%\n",
        "a\n$$\nx\n$$\nb\n\n> $$y$$\n",
        "Two\nlines\n===\n\nOne\n---\ntext\n***\n",
        "> a\nlazy\n\n> b\n",
        "```\n<div>\n- x\n```\n~~~ js {1,3}\n`\n~~~\n",
    ],
)
def test_shapes_that_python_markdown_reads_otherwise(text: str) -> None:
    assert compared(text) is None


def test_the_gap_is_real() -> None:
    """Python-Markdown alone sees other blocks, or the tests here would guard nothing."""
    for text in ("text\n- a\n  - b\n", "1) a\n2) b\n", "3. a\n", "a\n| b |\n|---|\n| c |\n"):
        alone = tree(_converter().reset().convert(text))
        assert difference(expected(parse_note("Test.md", text)), alone) is not None, text


@pytest.mark.parametrize("path", [f"sample/{p}" for p in SAMPLE.notes] + [f"real/{p}" for p in REAL.notes])
def test_every_note_has_the_same_blocks_in_obsidian_and_on_the_site(path: str) -> None:
    name, _, path = path.partition("/")
    note = (SAMPLE if name == "sample" else REAL).notes[path]
    assert difference(expected(note), rendered(note, SITEMAPS[name])) is None


@settings(max_examples=settings().max_examples, deadline=None)
@given(st.text(alphabet="ab *_`[]()<>!#-+|\\\n\t=~$%^&{}:1.。，中\x00\u200b\ue000\ue001\ud800", max_size=120))
def test_any_text_is_laid_out(text: str) -> None:
    note = parse_note("Test.md", text)
    rendered(note, SiteMap.of(Vault(SAMPLE.root, {"Test.md": note}, {"Test.md"})))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["> " * 500 + "x", "- " * 500 + "x", "[" * 20_000, "*a " * 30_000, "==a " * 30_000, "`" * 50_000,
     "<div>" * 3000, "<" * 50_000, "$a " * 30_000, "| a " * 20_000 + "\n" + "|-" * 20_000, "x" * 100_000,
     "[^1]" * 5000 + "\n\n[^1]: x", "\0" * 1000, "{" * 50_000, "\ue0000\ue00199",
     "![[" * 20_000, "^[" * 300, "%%" * 40_000],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_extreme_texts_are_laid_out_in_no_time(text: str) -> None:
    note = parse_note("Test.md", text + "\n")
    vault = Vault(SAMPLE.root, {"Test.md": note}, {"Test.md"})
    sitemap = SiteMap.of(vault)
    page = sitemap.page_of("Test.md")
    assert page is not None
    context = Context(sitemap, "en", page, note)
    assert to_markdown(transform(note.text, context), context)


def test_the_command_names_the_first_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.md").write_text("- a\n  - b\n")
    (tmp_path / "b.md").write_text("# b\n\n> c\n")
    assert main(["structure", str(tmp_path), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        {"path": "a.md", "equal": True, "difference": None},
        {"path": "b.md", "equal": True, "difference": None},
    ]
    assert main(["structure", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("2 of 2 notes have the same block structure: 100.0 %\n")


def test_a_difference_tells_where_and_what() -> None:
    got = tree("<ul><li>a</li></ul><p>b</p>")
    wanted = tree('<ul><li>a<ul><li data-line="2">b</li></ul></li></ul><p data-line="4">b</p>')
    found = difference(wanted, got)
    assert found is not None and (found.expected, found.got) == ("ul > li > ul", "p")


def test_the_measure_uses_the_extensions_of_the_site() -> None:
    source = re.sub(r"!!python/\S+(?: \{.*\})?|!ENV .*", "x", (ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = yaml.safe_load(source)["markdown_extensions"]
    names = [name if isinstance(name, str) else next(iter(name)) for name in listed]
    assert sorted(MARKDOWN) == sorted(names)
    options = {next(iter(item)): next(iter(item.values())) for item in listed if isinstance(item, dict)}
    for name, given_options in options.items():
        for key, value in given_options.items():
            if isinstance(value, bool | int):
                assert MARKDOWN[name][key] == value, (name, key)
