"""Guards the line scanner: every form of fence that the site shows as Python is found, and nothing else.

The site's own renderer (Python-Markdown with its extensions) is the independent witness.
"""

import re

import markdown
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.run.program import program_of
from vaultkit.scan import NOT_PROSE, scan, split_lines

EXTENSIONS = [
    "attr_list", "def_list", "footnotes", "md_in_html", "tables", "admonition", "pymdownx.superfences",
    "pymdownx.details", "pymdownx.tabbed", "pymdownx.quotes", "pymdownx.highlight", "pymdownx.tasklist",
]  # fmt: skip
CONFIGS = {
    "pymdownx.tabbed": {"alternate_style": True},
    "pymdownx.quotes": {"callouts": True},
    "pymdownx.highlight": {"pygments_lang_class": True},
}


def fence(info: str = "python", mark: str = "```", prefix: str = "") -> str:
    return "\n".join(prefix + line for line in (mark + info, "x = 1", "y = 2", mark))


def quote(text: str, mark: str = "> ") -> str:
    return "\n".join(mark + line for line in text.split("\n"))


SHOWN = {
    "plain": fence(),
    "py": fence("py"),
    "python3": fence("python3"),
    "Python": fence("Python"),
    "py3": fence("py3"),
    "tildes": fence(mark="~~~"),
    "four backticks": fence(mark="````"),
    "space before the language": fence(" python"),
    "space after the language": fence("python  "),
    "title": fence('python title="a.py"'),
    "highlighted lines": fence('python hl_lines="1" linenums="1"'),
    "{.python}": fence("{.python}"),
    "{ .python }": fence("{ .python }"),
    "{ .python title }": fence('{ .python title="x" }'),
    "{.python #id}": fence("{.python #id}"),
    "{.python .x}": fence("{.python .x}"),
    "python {.x}": fence('python {.x title="a"}'),
    "python {data-x}": fence('python {data-test="skip"}'),
    "indented by one": fence(prefix=" "),
    "indented by three": fence(prefix="   "),
    "quote": quote(fence()),
    "quote without a space": quote(fence(), ">"),
    "callout": quote("[!note] T\n" + fence()),
    "callout with text": quote("[!note]- T\n\ntext\n\n" + fence()),
    "callout in a callout": quote("[!note]\n" + quote("[!tip]\n" + fence())),
    "bullet, four spaces": "- item\n\n" + fence(prefix="    "),
    "bullet, two spaces": "- item\n\n" + fence(prefix="  "),
    "bullet, six spaces": "- item\n\n" + fence(prefix="      "),
    "bullet, a tab": "- item\n\n" + fence(prefix="\t"),
    "bullet, no blank line": "- item\n" + fence(prefix="    "),
    "number, three spaces": "1. item\n\n" + fence(prefix="   "),
    "number, four spaces": "1. item\n\n" + fence(prefix="    "),
    "nested list": "- a\n\n    - b\n\n" + fence(prefix="        "),
    "task": "- [ ] item\n\n" + fence(prefix="    "),
    "callout in a list": "- a\n\n" + quote("[!note]\n" + fence(), "    > "),
    "list in a callout": quote("[!note]\n- a\n\n" + fence(prefix="    ")),
    "tab": '=== "A"\n\n' + fence(prefix="    "),
    "two tabs": '=== "A"\n\n' + fence(prefix="    ") + '\n\n=== "B"\n\n' + fence(prefix="    "),
    "admonition": "!!! note\n\n" + fence(prefix="    "),
    "admonition with text": '!!! note "T"\n    text\n\n' + fence(prefix="    "),
    "admonition in a list": "- a\n\n    !!! note\n\n" + fence(prefix="        "),
    "tab in an admonition": '!!! note\n\n    === "A"\n\n' + fence(prefix="        "),
    "folded": "??? note\n\n" + fence(prefix="    "),
    "unfolded": '???+ note "x"\n\n' + fence(prefix="    "),
    "<details>": "<details markdown>\n<summary>s</summary>\n\n" + fence() + "\n\n</details>",
    "<details> without blank lines": "<details markdown>\n" + fence() + "\n</details>",
    "<div> without blank lines": "<div markdown>\n" + fence() + "\n</div>",
    "definition list": "term\n:   definition\n\n" + fence(prefix="    "),
    "footnote": "text[^1]\n\n[^1]:\n    note\n\n" + fence(prefix="    "),
    "footnote with text": "text[^1]\n\n[^1]: note\n\n" + fence(prefix="    "),
    "after a paragraph": "text\n" + fence(),
    "after a heading": "# H\n" + fence(),
    "two in a row": fence() + "\n" + fence(),
}
NOT_SHOWN = {
    "other language": fence("text"),
    "no language": fence(""),
    "indented code": "text\n\n" + fence(prefix="    "),
    "inside another fence": "````text\n" + fence() + "\n````",
    "inside tildes": "~~~text\n" + fence() + "\n~~~",
    "backtick in the info string": "```python `x`\nx\n```",
}


def rendered(text: str) -> int:
    html = markdown.markdown(text, extensions=EXTENSIONS, extension_configs=CONFIGS)
    return len(re.findall(r'class="language-(?:python|py|Python)3?[ "][^"]*highlight', html))


def found(text: str) -> list[str]:
    program = program_of("Note.md", scan(text))
    assert not program.problems
    return [block.fence.code for block in program.blocks]


@pytest.mark.parametrize("form", SHOWN)
def test_what_the_site_shows_as_python_is_run(form: str) -> None:
    text = SHOWN[form]
    codes = found(text)
    assert len(codes) == rendered(text) > 0
    assert set(codes) == {"x = 1\ny = 2\n"}


@pytest.mark.parametrize("form", SHOWN)
def test_line_ends_do_not_matter(form: str) -> None:
    assert found(SHOWN[form].replace("\n", "\r\n")) == found(SHOWN[form])


@pytest.mark.parametrize("form", NOT_SHOWN)
def test_what_the_site_shows_otherwise_is_not_run(form: str) -> None:
    text = NOT_SHOWN[form]
    assert found(text) == [] and rendered(text) == 0


@pytest.mark.parametrize("text", [f"<!--\n{fence()}\n-->", f"%%\n{fence()}\n%%", f"<pre>\n{fence()}\n</pre>"])
def test_hidden_code_is_not_run(text: str) -> None:
    assert found(text) == []


def test_fence_knows_its_lines_and_prefix() -> None:
    (block,) = scan("text\n\n> - a\n>\n>   ~~~py\n>   x\n>\n>   y\n>   ~~~\n").fences
    assert (block.line, block.end_line, block.prefix, block.code) == (5, 9, ">   ", "x\n\ny\n")


@pytest.mark.parametrize("text", ["```python\nx", "> ```python\n> x\ny", "- a\n\n  ```python\n  x\ny\n"])
def test_unclosed_fence_ends_with_its_container(text: str) -> None:
    (block,) = scan(text).fences
    assert not block.closed and block.code == "x\n"


def test_comments_know_where_they_are() -> None:
    text = "a <!-- b --> %% c %%\n\n<!-- run: x\n\ny -->\n> <!-- p\n> q\n> -->\n\n%%\nd\n%%\n100 `%% x` %%\n"
    comments = [(c.kind, c.line, c.end_line, c.text) for c in scan(text).comments]
    assert comments == [
        ("html", 1, 1, " b "),
        ("percent", 1, 1, " c "),
        ("html", 3, 5, " run: x\n\ny "),
        ("html", 6, 8, " p\nq\n"),
        ("percent", 10, 12, "\nd\n"),
    ]


def test_visible_keeps_columns() -> None:
    text = "a `b` <!-- c --> %% d %% $e$ f\n%%\nhidden\n%%\n"
    scanned = scan(text)
    assert scanned.visible(1) == "a     " + " " * 10 + " %% d %%     f"
    assert scanned.visible(1, NOT_PROSE).split() == ["a", "f"]
    assert not scanned.visible(3, NOT_PROSE).strip() and scanned.visible(3) == "hidden"


def test_front_matter_must_start_on_line_one() -> None:
    assert scan("---\na: 1\n---  \ntext").front_end == 3
    assert scan("\ufeff---\na: 1\n---\n").front_end == 3
    assert scan("\n---\na: 1\n---\n").front_end == 0
    assert scan("---\na: 1\n").front_end == 0


def test_lines_are_those_of_an_editor() -> None:
    assert split_lines("a\r\nb\rc\u2028d\x0ce\nf") == ["a", "b", "c\u2028d\x0ce", "f"]
    assert split_lines("") == [] and split_lines("a\n\n") == ["a", ""]


def test_unclosed_comment_is_named() -> None:
    assert scan("a\n<!-- b\n\n[[c]]").unclosed_comment == 2
    assert scan("a\n%%\n[[c]]").unclosed_comment == 2
    assert scan("a <!-- b\nc").unclosed_comment == 0
    assert scan("a <!-- b\n\nc -->").comments == []


def test_only_blanks_and_tabs_may_follow_a_closing_mark() -> None:
    """A line separator is neither, so that the fence goes on, in a list as at the margin."""
    for mark in ("", " "):
        text = f"{mark}```\na\n\u2028```\n{mark}``` \t\nb\n"
        assert [(f.line, f.end_line, f.closed) for f in scan(text).fences] == [(1, 4, True)]


_LINES = st.sampled_from(
    ["", "a", "# b", "#b", "| c", "```", "```python", "````", " ```", "~~~", "```a`b", "> ", "> ```", "- ```",
     "  x", "    y", "%%", "<!--", "-->", "$$", "<pre>", "</pre>", "<div>", "``` <!-- a", "[^1]: n", "**z**"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_LINES, max_size=14))
def test_the_quick_way_through_common_lines_is_the_long_way(lines: list[str]) -> None:
    text = "\n".join(lines)
    quick = vars(scan(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaultkit.scan._Scanner.step_quickly", lambda self, index: index)
        slow = vars(scan(text))
    assert quick == slow
