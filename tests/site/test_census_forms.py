"""Form by form: the Python blocks that a page shows are those the census knows, rendered as the site does.

The truth is the page: each form is staged and rendered with mkdocs.yml's own Markdown extensions.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from markdown import Markdown
from mkdocs.config import load_config

from vaultkit.run.census import count
from vaultkit.site.compose import Inputs, compose
from vaultkit.site.context import Context
from vaultkit.site.python_blocks import count_python, difference
from vaultkit.site.results import Results

# shown once and run
RUN = {
    "plain": "```python\n1\n```\n",
    "py": "```py\n1\n```\n",
    "python3": "```python3\n1\n```\n",
    "py3": "```py3\n1\n```\n",
    "Python": "```Python\n1\n```\n",
    "PYTHON": "```PYTHON\n1\n```\n",
    "Py": "```Py\n1\n```\n",
    "space before lang": "``` python\n1\n```\n",
    "tab before lang": "```\tpython\n1\n```\n",
    "trailing space": "```python  \n1\n```\n",
    "title": '```python title="a.py"\n1\n```\n',
    "hl": '```python hl_lines="1" linenums="3"\n1\n```\n',
    "title no space": "```python title=a.py\n1\n```\n",
    "two words": "```python foo bar\n1\n```\n",
    "raises=": "```python raises=ValueError\n1\n```\n",
    "comma": "```python,ignore\n1\n```\n",
    "dot class": "```{.python}\n1\n```\n",
    "dot class2": "```{.python .x}\n1\n```\n",
    "class attr": '```{ .python title="x" }\n1\n```\n',
    "class id": "```{.python #id}\n1\n```\n",
    "id first": "```{#id .python}\n1\n```\n",
    "py brace": '```python {.x title="a"}\n1\n```\n',
    "py brace nospace": "```python{.x}\n1\n```\n",
    "data": '```python {data-test="skip"}\n1\n```\n',
    ".python": "```.python\n1\n```\n",
    "dot py": "```{.py}\n1\n```\n",
    "dot Python": "```{.Python}\n1\n```\n",
    "tilde": "~~~python\n1\n~~~\n",
    "tilde4": "~~~~python\n1\n~~~~\n",
    "ticks4": "````python\n1\n````\n",
    "ticks7": "```````python\n1\n```````\n",
    "longer close": "```python\n1\n`````\n",
    "tilde backtick info": "~~~python `x`\n1\n~~~\n",
    "python holding fence": "````python\n'''\n```python\n2\n```\n'''\n````\n",
    "indent1": " ```python\n 1\n ```\n",
    "indent2": "  ```python\n  1\n  ```\n",
    "indent3": "   ```python\n   1\n   ```\n",
    "callout": "> [!note]\n> ```python\n> 1\n> ```\n",
    "callout nospace": ">[!note]\n>```python\n>1\n>```\n",
    "callout title": "> [!tip]- T\n> text\n>\n> ```python\n> 1\n> ```\n",
    "nested callout": "> [!note]\n> > [!tip]\n> > ```python\n> > 1\n> > ```\n",
    "nested nospace": "> [!note]\n>> [!tip]\n>> ```python\n>> 1\n>> ```\n",
    "quote": "> ```python\n> 1\n> ```\n",
    "callout list": "> [!note]\n> - a\n>\n>   ```python\n>   1\n>   ```\n",
    "callout3": "> [!a]\n> > [!b]\n> > > [!c]\n> > > ```python\n> > > 1\n> > > ```\n",
    "bullet2": "- a\n\n  ```python\n  1\n  ```\n",
    "bullet2 tight": "- a\n  ```python\n  1\n  ```\n",
    "bullet3": "- a\n\n   ```python\n   1\n   ```\n",
    "bullet4": "- a\n\n    ```python\n    1\n    ```\n",
    "bullet5": "- a\n\n     ```python\n     1\n     ```\n",
    "bullet6": "- a\n\n      ```python\n      1\n      ```\n",
    "bullet tab": "- a\n\n\t```python\n\t1\n\t```\n",
    "bullet1": "- a\n\n ```python\n 1\n ```\n",
    "star": "* a\n\n  ```python\n  1\n  ```\n",
    "plus": "+ a\n\n  ```python\n  1\n  ```\n",
    "task": "- [ ] a\n\n  ```python\n  1\n  ```\n",
    "bullet wide": "-   a\n\n    ```python\n    1\n    ```\n",
    "bullet0": "- a\n\n```python\n1\n```\n",
    "ol3": "1. a\n\n   ```python\n   1\n   ```\n",
    "ol3 tight": "1. a\n   ```python\n   1\n   ```\n",
    "ol2": "1. a\n\n  ```python\n  1\n  ```\n",
    "ol4": "1. a\n\n    ```python\n    1\n    ```\n",
    "ol6": "1. a\n\n      ```python\n      1\n      ```\n",
    "ol tab": "1. a\n\n\t```python\n\t1\n\t```\n",
    "ol paren": "1) a\n\n   ```python\n   1\n   ```\n",
    "ol10": "10. a\n\n    ```python\n    1\n    ```\n",
    "ol7": "1. a\n\n       ```python\n       1\n       ```\n",
    "nested list": "- a\n  - b\n\n    ```python\n    1\n    ```\n",
    "nested list6": "- a\n  - b\n\n      ```python\n      1\n      ```\n",
    "nested list8": "- a\n    - b\n\n        ```python\n        1\n        ```\n",
    "nested ol": "1. a\n   - b\n\n     ```python\n     1\n     ```\n",
    "nested tab": "- a\n\t- b\n\n\t\t```python\n\t\t1\n\t\t```\n",
    "on marker": "- ```python\n  1\n  ```\n",
    "on marker ol": "1. ```python\n   1\n   ```\n",
    "on marker callout": "> ```python\n> 1\n> ```\n",
    "on marker callout list": "> - ```python\n>   1\n>   ```\n",
    "on marker nested": "- - ```python\n    1\n    ```\n",
    "tab": '=== "T"\n\n    ```python\n    1\n    ```\n',
    "tab nobl": '=== "T"\n    ```python\n    1\n    ```\n',
    "tab sel": '===+ "T"\n\n    ```python\n    1\n    ```\n',
    "tab new": '===! "T"\n\n    ```python\n    1\n    ```\n',
    "tab callout": '> [!note]\n> === "T"\n>\n>     ```python\n>     1\n>     ```\n',
    "tab list": '- a\n\n    === "T"\n\n        ```python\n        1\n        ```\n',
    "adm": "!!! note\n\n    ```python\n    1\n    ```\n",
    "adm nobl": '!!! note "T"\n    ```python\n    1\n    ```\n',
    "adm nested": "!!! note\n\n    !!! tip\n\n        ```python\n        1\n        ```\n",
    "det": "??? note\n\n    ```python\n    1\n    ```\n",
    "det+": '???+ note "T"\n\n    ```python\n    1\n    ```\n',
    "det nobl": "??? note\n    ```python\n    1\n    ```\n",
    "adm tab": "!!! note\n\n\t```python\n\t1\n\t```\n",
    "det notype": '??? "T"\n\n    ```python\n    1\n    ```\n',
    "details": "<details>\n<summary>S</summary>\n\n```python\n1\n```\n\n</details>\n",
    "details nobl": "<details><summary>S</summary>\n```python\n1\n```\n</details>\n",
    "details md": "<details markdown>\n<summary>S</summary>\n\n```python\n1\n```\n\n</details>\n",
    "details md nobl": '<details markdown="1">\n<summary>S</summary>\n```python\n1\n```\n</details>\n',
    "div": "<div>\n\n```python\n1\n```\n\n</div>\n",
    "div nobl": "<div>\n```python\n1\n```\n</div>\n",
    "div md": "<div markdown>\n\n```python\n1\n```\n\n</div>\n",
    "div md nobl": '<div markdown="1">\n```python\n1\n```\n</div>\n',
    "details open": "<details open>\n<summary>S</summary>\n\n```python\n1\n```\n\n</details>\n",
    "deflist": "Term\n:   def\n\n    ```python\n    1\n    ```\n",
    "deflist tight": "Term\n:   def\n    ```python\n    1\n    ```\n",
    "deflist2": "Term\n\n: def\n\n  ```python\n  1\n  ```\n",
    "footnote": "x[^1]\n\n[^1]: Note\n\n    ```python\n    1\n    ```\n",
    "footnote tight": "x[^1]\n\n[^1]: Note\n    ```python\n    1\n    ```\n",
    "footnote2": "x[^1]\n\n[^1]: Note\n\n  ```python\n  1\n  ```\n",
    "footnote unref": "x\n\n[^1]: Note\n\n    ```python\n    1\n    ```\n",
    "crlf": "```python\r\n1\r\n```\r\n",
    "crlf callout": "> [!note]\r\n> ```python\r\n> 1\r\n> ```\r\n",
    "bom": "\ufeff```python\n1\n```\n",
    "cr": "```python\r1\r```\r",
    "no final nl": "```python\n1\n```",
    "percent inline": "%% x %%\n\n```python\n1\n```\n",
    "inline comment before": "<!-- a -->\n```python\n1\n```\n",
    "front matter only": "---\na: 1\n---\n```python\n1\n```\n",
    "after para": "text\n```python\n1\n```\n",
    "before para": "```python\n1\n```\ntext\n",
    "empty": "```python\n```\n",
    "blank inside": "```python\n\n\n1\n\n```\n",
    "chinese": "```python\n# 中文\n缓存 = 1\n```\n",
    "with output": "```python\n1\n```\n```output\n1\n```\n",
    "table before": "| a |\n| - |\n| b |\n```python\n1\n```\n",
    "hr": "---\n\n```python\n1\n```\n",
    "html then": "<p>x</p>\n```python\n1\n```\n",
    "html block inline": "<span>x</span>\n```python\n1\n```\n",
    "vtab": "```python\x0b\n1\n```\n",
    "deep close": "```python\n1\n    ```\n```\n",
    "close indent3": "```python\n1\n   ```\n",
}
# shown and not run: never in silence
MISSED = {
    "notest word": "```python notest\n1\n```\n",
    "ipython": "```ipython\n1\n```\n",
    "ipython3": "```ipython3\n1\n```\n",
    "pycon": "```pycon\n>>> 1\n```\n",
    "pyi": "```pyi\n1\n```\n",
    "sage": "```sage\n1\n```\n",
    "python2": "```python2\n1\n```\n",
    "py2": "```py2\n1\n```\n",
    "numpy": "```numpy\n1\n```\n",
    "python3.11": "```python3.11\n1\n```\n",
    "python-console": "```python-console\n>>> 1\n```\n",
    "callout lazy end": "> [!note]\n> ```python\n> 1\n\ntext\n",
    "deflist direct": "Term\n\n:   ```python\n    1\n    ```\n",
    "footnote marker": "x[^1]\n\n[^1]: ```python\n    1\n    ```\n",
    "unclosed": "```python\n1\n",
    "unclosed tilde": "~~~python\n1\n",
    "unclosed callout": "> [!note]\n> ```python\n> 1\n",
    "unclosed list": "- a\n\n  ```python\n  1\n\ntext\n",
    "wrong close": "```python\n1\n~~~\n",
    "short close": "````python\n1\n```\n",
    "close with text": "```python\n1\n``` x\n",
    "pre code html": '<pre><code class="language-python">x = 1\n</code></pre>\n',
    "pre in callout": '> <pre><code class="language-python">x = 1\n> </code></pre>\n',
    "pre lang py3": '<pre class="x"><code class="hl language-py3">x = 1\n</code></pre>\n',
}
# not shown as Python, so not run
NOT_SHOWN = {
    "colon": "```python:run\n1\n```\n",
    "brace python": "```{python}\n1\n```\n",
    "extra first": "```{.x .python}\n1\n```\n",
    "brace echo": "```{python echo=False}\n1\n```\n",
    "brace lang=": '```{lang="python"}\n1\n```\n',
    "python-repl": "```python-repl\n1\n```\n",
    "cython": "```cython\n1\n```\n",
    "pytb": "```pytb\n1\n```\n",
    "none": "```\n1\n```\n",
    "text": "```text\n1\n```\n",
    "backtick in info": "```python `x`\n1\n```\n",
    "nested longer": "````\n```python\n1\n```\n````\n",
    "nested md": "````markdown\n```python\n1\n```\n````\n",
    "nested tilde": "~~~\n```python\n1\n```\n~~~\n",
    "indent4": "text\n\n    ```python\n    1\n    ```\n",
    "indent tab": "text\n\n\t```python\n\t1\n\t```\n",
    "indented code": "text\n\n    x = 1\n",
    "indent4 lazy": "text\n    ```python\n    1\n    ```\n",
    "indent4 after heading": "# H\n    ```python\n    1\n    ```\n",
    "percent": "%%\n```python\n1\n```\n%%\n",
    "percent blank": "%%\n\n```python\n1\n```\n\n%%\n\ntext\n",
    "percent unclosed": "%%\n```python\n1\n```\n",
    "html comment": "<!--\n```python\n1\n```\n-->\n",
    "html comment blank": "<!--\n\n```python\n1\n```\n\n-->\n",
    "html comment unclosed": "<!-- x\n\n```python\n1\n```\n",
    "comment in callout": "> [!note]\n> <!--\n> ```python\n> 1\n> ```\n> -->\n",
    "pre html nolang": "<pre><code>x = 1\n</code></pre>\n",
    "pre holding fence": "<pre>\n```python\n1\n```\n</pre>\n",
    "pre class code py": '<pre><code class="python">x</code></pre>\n',
    "pre lang": '<pre lang="python">x</pre>\n',
    "hl div": '<div class="highlight-python"><pre>x</pre></div>\n',
    "math holding": "$$\n```python\n1\n```\n$$\n",
    "in front": "---\na: |\n  ```python\n  1\n  ```\n---\ntext\n",
    "mermaid": "```mermaid\ngraph TD\n```\n",
    "script": "<script>\n```python\n1\n```\n</script>\n",
    "inline code": "`x = 1` and `#!python y`\n",
}
# two blocks, both run
TWICE = {
    "tab2": '=== "T"\n\n    ```python\n    1\n    ```\n\n=== "U"\n\n    ```python\n    1\n    ```\n',
    "two adjacent": "```python\n1\n```\n```python\n1\n```\n",
}
# shown, and declared as skipped
SKIPPED = {
    "control": '<!-- run: skip "w" -->\n```python\n1\n```\n',
    "control callout": '> [!note]\n> <!-- run: skip "w" -->\n> ```python\n> 1\n> ```\n',
    "control list": '- a\n\n  <!-- run: skip "w" -->\n  ```python\n  1\n  ```\n',
    "skip ipython": '<!-- run: skip "w" -->\n```ipython\n1\n```\n',
}
NOT_RENDERED = {"deflist direct", "footnote marker"}  # the site shows no block; Obsidian does

EXPECTED = {(1, 1, 0): RUN, (1, 0, 0): MISSED, (0, 0, 0): NOT_SHOWN, (2, 2, 0): TWICE, (1, 0, 1): SKIPPED}
CASES = [(name, text, counts) for counts, forms in EXPECTED.items() for name, text in forms.items()]


@cache
def config() -> object:
    return load_config(str(Path(__file__).parents[2] / "mkdocs.yml"), hooks=[])


def page_of(context: Context) -> str:
    """The page's HTML, made by the site's own pipeline and extensions."""
    staged, _ = compose(context, Inputs({}, Results(context.vault.root)))
    settings = config()
    markdown = Markdown(extensions=settings.markdown_extensions, extension_configs=settings.mdx_configs)
    return markdown.convert(staged.split("\n---\n", 1)[1])


@pytest.mark.parametrize(("name", "text", "counts"), CASES, ids=[case[0] for case in CASES])
def test_the_page_and_the_census_agree(
    name: str, text: str, counts: tuple[int, int, int], context_of: Callable[..., Context]
) -> None:
    context = context_of(text.removeprefix("\ufeff"))
    known = count(context.note.path, context.note.scan)
    assert (known.shown, known.run, known.skipped) == counts
    assert len(known.missed) == counts[0] - counts[1] - counts[2]
    assert all(missed.why and missed.line for missed in known.missed)
    html = page_of(context)
    assert len(context.python) == known.shown
    assert count_python(html) == (0 if name in NOT_RENDERED else known.shown), html


def test_there_are_enough_forms() -> None:
    assert len(CASES) >= 180


def test_a_difference_names_the_blocks() -> None:
    page = '<div class="language-py highlight">x</div> <code class="language-python highlight">x</code>'
    assert difference(page, ["A.md:3"]) == ""
    assert difference(page, []).endswith("shows 1 Python blocks, the runner knows 0: none")
    assert difference("", ["A.md:3"]).endswith("knows 1: A.md:3")
