"""Read formulas by KaTeX as the build does, or where it cannot run, by their braces and environments."""

import re

from vaultkit.canvas.read import read_canvas
from vaultkit.errors import Problem, VaultError
from vaultkit.site.context import Context
from vaultkit.site.draft import Formula, formulas_in
from vaultkit.site.katex import Renderer
from vaultkit.site.paths import Layout
from vaultkit.site.reader import read
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import read_text

_TOKEN = re.compile(r"\\(begin|end)\s*\{([^{}]*)\}|\\(left|right)(?![A-Za-z])|\\.|[{}]", re.DOTALL)
_OPENERS = {"end": "\\begin{%s}", "right": "\\left", "}": "{"}


def problems(sitemap: SiteMap, paths: set[str], layout: Layout | None) -> tuple[list[Problem], bool]:
    """(what is wrong with the formulas of these notes and canvases; whether KaTeX said so). layout: the
    project that has KaTeX.
    """
    placed = [(path, formula) for path in sorted(paths) for formula in _formulas(sitemap, path)]
    if layout:
        try:
            return _refused(placed, Renderer(layout)), True
        except (OSError, VaultError):
            pass  # KaTeX does not run here, or what it says cannot be kept
    return [_problem(path, formula, why) for path, formula in placed if (why := fault(formula.tex))], False


def fault(tex: str) -> str:
    """What every reader of TeX refuses in a formula, "" if braces, environments and `\\left` are in order."""
    opened: list[str] = []
    for token in _TOKEN.finditer(tex):
        name, environment, side = token.groups()
        word = name or side or token[0]
        if word in ("{", "left"):
            opened.append("{" if word == "{" else "\\left")
        elif word == "begin":
            opened.append(f"\\begin{{{environment}}}")
        elif word in _OPENERS:
            opener = _OPENERS[word].replace("%s", environment or "")
            if not opened or opened.pop() != opener:
                return f"{token[0]} without its {opener}"
    return f"{opened[-1]} is not closed" if opened else ""


def _refused(placed: list[tuple[str, Formula]], renderer: Renderer) -> list[Problem]:
    if not renderer.render({formula: path for path, formula in placed}):
        return []
    # All are known now. Page by page, for two pages may have the same formula on the same line.
    by_path: dict[str, dict[Formula, str]] = {}
    for path, formula in placed:
        by_path.setdefault(path, {})[formula] = path
    return [problem for formulas in by_path.values() for problem in renderer.render(formulas)]


def _problem(path: str, formula: Formula, why: str) -> Problem:
    return Problem(
        path, formula.line, "formula", f"KaTeX cannot read ${formula.tex}$: {why}", "mend the formula"
    )


def _formulas(sitemap: SiteMap, path: str) -> list[Formula]:
    vault = sitemap.vault
    note = vault.notes.get(path)
    if note is None:
        canvas = read_canvas(path, read_text(vault.on_disk(path), path)[0] or "")
        return [
            formula for node in canvas.nodes if node.type == "text" for formula in formulas_in(node.value)
        ]
    page = sitemap.page_of(path)
    assert page is not None
    context = Context(sitemap, sitemap.lang(note), page, note)
    read(note.text, context)
    return list(context.stash.formulas.values())
