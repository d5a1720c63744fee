"""Formulas rendered at build by KaTeX (a package in package.json), each once: the cache is keyed by formula.

A reader's browser runs no TeX and asks nobody; a formula KaTeX refuses is a build error at its line.
"""

import hashlib
import html
import json
import re
import subprocess
from collections.abc import Iterable, Mapping

from vaultkit.errors import Problem, VaultError
from vaultkit.site.draft import Formula
from vaultkit.site.node import find_node
from vaultkit.site.packs import Packs
from vaultkit.site.paths import HERE, Layout

_SCRIPT = HERE / "js" / "katex_render.mjs"
_NAMESPACE = re.compile(r' xmlns="http://www\.w3\.org/[\w/]+"')
_TWICE = re.compile(r'<span class="((?:mord|mtight|mathnormal| )+)"><span class="\1">([^<]*)</span></span>')
# What stands in many formulas: the class in its place, and the rule that `copy_katex` adds for it.
SHORT = {
    "katex-sizing reset-size6 size3 mtight": ("k-63 mtight", ".katex .k-63{font-size:.7em}"),
    'pstrut" style="height:3em': ("pstrut k-p3", ".katex .k-p3{height:3em}"),
    'pstrut" style="height:2.7em': ("pstrut k-p27", ".katex .k-p27{height:2.7em}"),
    'pstrut" style="height:3.05em': ("pstrut k-p35", ".katex .k-p35{height:3.05em}"),
    'mspace" style="margin-right:0.1667em': ("mspace k-m1", ".katex .k-m1{margin-right:.1667em}"),
    'mspace" style="margin-right:0.2222em': ("mspace k-m2", ".katex .k-m2{margin-right:.2222em}"),
    'mspace" style="margin-right:0.2778em': ("mspace k-m3", ".katex .k-m3{margin-right:.2778em}"),
}
_REFUSED = "!"  # before what KaTeX says of a formula that it cannot read
_FORM = "4"  # of what is kept; another one after a change to `shrink`


def key_of(formula: Formula) -> str:
    """Name of the formula in the cache."""
    mode = "display" if formula.display else "inline"
    return hashlib.sha256(f"{mode}\n{' '.join(formula.tex.split())}".encode()).hexdigest()


class Renderer:
    """Rendered formulas of one project; two processes may share them."""

    def __init__(self, layout: Layout) -> None:
        self.package = layout.root / "node_modules" / "katex"
        self.packs = Packs(layout.math / f"{self._version()}-{_FORM}")

    def _version(self) -> str:
        try:
            return str(json.loads((self.package / "package.json").read_text("utf-8"))["version"])
        except (OSError, ValueError, KeyError):
            return "none"

    def get(self, formula: Formula) -> str | None:
        """HTML of a formula that has been rendered, or its source where KaTeX cannot read it; else None."""
        found = self.packs.get(key_of(formula))
        if found is None or not found.startswith(_REFUSED):
            return found
        why = html.escape(found.removeprefix(_REFUSED))
        return f'<code class="k-refused" title="{why}">{html.escape(formula.tex)}</code>'

    def render(self, formulas: Mapping[Formula, str]) -> list[Problem]:
        """Render what is not in the cache yet; the values are the notes' paths, for the problems returned."""
        wanted = {key_of(formula): formula for formula in formulas}
        known = self.packs.known() if wanted else {}
        missing = {key: formula for key, formula in wanted.items() if key not in known}
        if missing:
            results = self._run(missing)
            self.packs.add(
                {r["key"]: shrink(r["html"]) if "html" in r else _REFUSED + r["error"] for r in results}
            )
        errors = {key: text for key in wanted if (text := self.packs.get(key) or "").startswith(_REFUSED)}
        return [
            problem
            for key, error in errors.items()
            for problem in _problems(error.removeprefix(_REFUSED), wanted[key], formulas)
        ]

    def _run(self, missing: Mapping[str, Formula]) -> list[dict[str, str]]:
        node = find_node()
        if node is None or not (self.package / "dist" / "katex.mjs").is_file():
            what = "Node.js" if node is None else "the package katex in node_modules/"
            raise VaultError(
                Problem("[site]", 0, "set-up", f"need {what} to render formulas", "run `make setup`")
            )
        request = [{"key": key, "tex": f.tex, "display": f.display} for key, f in missing.items()]
        command = [node, str(_SCRIPT), str(self.package / "dist" / "katex.mjs")]
        done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise VaultError(
                Problem("[site]", 0, "katex", f"KaTeX did not run: {reason}", "run `make setup`")
            )
        results: list[dict[str, str]] = json.loads(done.stdout)
        return results


def shrink(rendered: str) -> str:
    """KaTeX's HTML without what changes nothing: namespaces, margins of nothing, an element twice; what it
    says most often is said by a class of ours (SHORT).
    """
    rendered = _NAMESPACE.sub("", rendered).replace("margin-left:0em;", "")
    rendered = rendered.replace('<annotation encoding="application/x-tex">', "<annotation>")
    rendered = rendered.replace(' style=""', "").replace(';">', '">').replace(';" ', '" ')
    for long, (name, _) in SHORT.items():
        rendered = rendered.replace(f'class="{long}"', f'class="{name}"')
    return _TWICE.sub(r'<span class="\1">\2</span>', rendered)


def _problems(error: str, formula: Formula, formulas: Mapping[Formula, str]) -> Iterable[Problem]:
    message = f"KaTeX cannot read ${formula.tex}$: {error}"
    for other, path in formulas.items():
        if (other.tex, other.display) == (formula.tex, formula.display):
            yield Problem(
                path, other.line, "formula", message, "mend the formula, or use what KaTeX supports"
            )
