"""Labs on the site: mkdocs-jupyter renders the code cells and their outputs, the notes' pipeline the prose.

A lab is staged as its notebook, which the plug-in makes a page of, and beside it, in a hidden file, as prose
with a slot for each code cell. The plug-in's page is 600 kB of styles and scripts, some from other hosts:
only the highlighted code and the outputs are taken from it, into the same markup as the blocks of notes.
"""

import html
import posixpath
import re

from bs4 import BeautifulSoup, Tag

from vaultkit.labs.notebook import Cell, Notebook, is_notebook
from vaultkit.labs.view import slot, text_with_slots
from vaultkit.lines import Comment
from vaultkit.run.control import ControlError, parse
from vaultkit.site.paths import Language
from vaultkit.site.ui import say

RAW = '"cell_type"'  # in the text of a page: a notebook that nobody rendered
_BULK = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL)
_CODE = re.compile(r"<(pre|code|script)\b.*?</\1>", re.DOTALL)
_SLOT = re.compile(
    r'<div class="k-cell" data-cell="(?P<number>\d+)"(?: data-remark="(?P<remark>[^"]*)")?></div>'
)
_RESULTS = ("text/html", "text/markdown", "text/latex")


class MissingCells(LookupError):
    """The plug-in's page does not have the cells that the prose has slots for."""


def prose_file(file: str) -> str:
    """Path in the staged tree of a lab's prose, hidden from MkDocs: `labs/x.ipynb` -> `labs/.x.md`."""
    folder, name = posixpath.split(file)
    return posixpath.join(folder, f".{name.removesuffix('.ipynb')}.md")


def lab_text(notebook: Notebook, language: Language) -> str:
    """The lab as a note's text, each code cell a slot; slots say what the reader should know of the cell."""
    return text_with_slots(notebook, lambda number, cell: _slot(number, _remark(cell, language)))


def _slot(number: int, remark: str) -> str:
    plain = slot(number)
    return plain.replace("></div>", f' data-remark="{html.escape(remark)}"></div>') if remark else plain


def _remark(cell: Cell, language: Language) -> str:
    try:
        control = parse([Comment("html", 0, 0, 0, 0, f"run: {cell.run}")]) if cell.run else None
    except ControlError:
        control = None
    if control and control.skip:
        return say(language, "skipped", reason=control.skip)
    if control and control.raises:
        return say(language, "raises", name=control.raises)
    return say(language, "example") if cell.example else ""


def put_cells(prose: str, rendered: str, language: Language) -> str:
    """The prose (HTML) with the plug-in's cells in their slots. Raises MissingCells."""
    soup = BeautifulSoup(_BULK.sub("", rendered), "html.parser")
    tags = [cell for cell in soup.find_all(class_="jp-CodeCell") if not cell.find(class_="jp-CodeCell")]
    cells = [_cell(cell, language) for cell in tags]

    def put(found: re.Match[str]) -> str:
        number = int(found["number"])
        if number > len(cells):
            raise MissingCells(f"cell {number} of {len(cells)}")
        remark = f'<p class="k-remark">{found["remark"]}</p>' if found["remark"] else ""
        return cells[number - 1] + remark

    return _SLOT.sub(put, prose)


def is_raw(page: str) -> bool:
    """True if a page shows the JSON of a notebook outside code."""
    return RAW in html.unescape(page) and RAW in html.unescape(_CODE.sub("", page))


def _cell(cell: Tag, language: Language) -> str:
    code = cell.select_one(".highlight-ipynb pre, .jp-InputArea-editor pre")
    lines = (code.decode_contents() if code else "").removeprefix("<span></span>").rstrip("\n")
    parts = [f'<div class="language-python highlight"><pre><span></span><code>{lines}\n</code></pre></div>']
    text: list[str] = []
    for output in cell.select(".jp-OutputArea-output"):
        kind = str(output.get("data-mime-type", ""))
        if image := output.find("img"):
            parts += [*_panel(text), _image(str(image.get("src", "")), language)]
        elif svg := output.find("svg"):
            parts += [*_panel(text), f'<p class="k-figure">{svg}</p>']
        elif kind in _RESULTS:
            parts += [*_panel(text), f'<div class="k-cell-result">{output.decode_contents()}</div>']
        elif "stderr" not in kind and (shown := output.find("pre")):
            text.append(shown.get_text())
    return "\n".join([*parts, *_panel(text)])


def _panel(text: list[str]) -> list[str]:
    """What a cell printed, as below the blocks of notes; empties `text`."""
    shown = "".join(part if part.endswith("\n") else part + "\n" for part in text)
    text.clear()
    start = '<div class="language-text k-output no-copy highlight"><pre><span></span><code>'
    return [f"{start}{html.escape(shown, quote=False)}</code></pre></div>"] if shown.strip() else []


def _image(source: str, language: Language) -> str:
    return f'<p><img alt="{html.escape(say(language, "lab_figure"))}" src="{html.escape(source)}"></p>'


__all__ = ["MissingCells", "is_notebook", "is_raw", "lab_text", "prose_file", "put_cells"]
