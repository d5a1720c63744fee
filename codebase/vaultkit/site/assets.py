"""Browser libraries copied from node_modules into a built site: KaTeX's style and fonts, Mermaid if used."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from vaultkit.errors import Problem, VaultError
from vaultkit.site.katex import SHORT
from vaultkit.site.paths import HERE

_ICON = re.compile(r'url\("icon:([\w/-]+)"\)')  # in a style sheet
_OLD_FORMATS = re.compile(r',\s*url\([^)]*\.(?:woff|ttf)\)\s*format\("(?:woff|truetype)"\)')


def copy_katex(node_modules: Path, target: Path) -> None:
    """The style sheet, old font formats taken out of it, and its woff2 fonts."""
    source = _package(node_modules, "katex") / "dist"
    css = _OLD_FORMATS.sub("", (source / "katex.min.css").read_text("utf-8"))
    css += "".join(rule for _, rule in SHORT.values())
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    (target / "katex.min.css").write_text(css, "utf-8")
    for font in sorted((source / "fonts").glob("*.woff2")):
        shutil.copyfile(font, target / "fonts" / font.name)


def copy_mermaid(node_modules: Path, target: Path) -> None:
    """Mermaid in its small parts, of which a page loads those that its diagrams need.

    Named `.js`: not every file server knows that `.mjs` is a script, and a browser refuses any other type.
    """
    source = _package(node_modules, "mermaid") / "dist"
    parts = [source / "mermaid.esm.min.mjs", *(source / "chunks" / "mermaid.esm.min").glob("*.mjs")]
    for part in parts:
        file = target / part.relative_to(source).with_suffix(".js")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(part.read_text("utf-8").replace('.mjs"', '.js"'), "utf-8")


def copy_fsrs(node_modules: Path, target: Path) -> None:
    """The scheduler of cards, as the script `fsrs.js`."""
    source = (_package(node_modules, "ts-fsrs") / "dist" / "index.mjs").read_text("utf-8")
    (target / "fsrs.js").write_text(re.sub(r"\n//# sourceMappingURL=.*", "", source), "utf-8")


# What of a page needs a library, and where that stands in the site.
LIBRARIES = {"katex": 'class="katex', "mermaid": 'class="k-mermaid', "fsrs": 'class="k-review'}
PLACES = {"katex": "katex", "mermaid": "mermaid", "fsrs": "fsrs.js"}


def copy_libraries(node_modules: Path, assets: Path, used: Iterable[str]) -> None:
    """Those of LIBRARIES that are used and not there yet."""
    for name in used:
        if (assets / PLACES[name]).exists():
            continue
        if name == "fsrs":
            copy_fsrs(node_modules, assets)
        else:
            (copy_katex if name == "katex" else copy_mermaid)(node_modules, assets / name)


STYLES = "base frame page callouts vault code lists home search graph preview"  # later ones win


def join_styles(assets: Path, theme: Iterable[Path]) -> None:
    """The theme's style sheets as one file, `kvist.css`, for which a page asks once; print stays apart.
    theme: the folders in which its icons are found.
    """
    parts = [assets / "css" / f"{name}.css" for name in STYLES.split()]
    if not all(part.is_file() for part in parts):
        return  # joined already
    text = "\n".join(part.read_text("utf-8") for part in parts)
    text = _ICON.sub(lambda found: f'url("{_drawing(found[1], theme)}")', text)
    (assets / "kvist.css").write_text(text, "utf-8")
    for file in (assets / "css").glob("*"):
        if file.name != "print.css":
            file.unlink()


def _drawing(name: str, theme: Iterable[Path]) -> str:
    """An icon of the theme as an address that holds it."""
    places = [folder / place for folder in theme for place in (f".icons/{name}.svg", f"assets/{name}.svg")]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise VaultError(Problem("[site]", 0, "set-up", f"need the icon {name}", "run `make setup`"))
    text = file.read_text("utf-8").strip().replace('"', "'").replace("#", "%23")
    return f"data:image/svg+xml,{text}"


def remove_unused(assets: Path) -> None:
    """Take out what MkDocs copied from Material and no page loads: its scripts, source maps, palette."""
    shutil.rmtree(assets / "javascripts", ignore_errors=True)
    shutil.rmtree(assets / "images", ignore_errors=True)
    for file in (assets / "stylesheets").glob("*"):
        if not file.name.startswith("main.") or file.suffix == ".map":
            file.unlink()
    for name in ("scheme.js", "not-found.js", "logo.svg"):  # these stand in the pages themselves
        (assets / name).unlink(missing_ok=True)


def _package(node_modules: Path, name: str) -> Path:
    if not (node_modules / name / "dist").is_dir():
        raise VaultError(Problem("[site]", 0, "set-up", f"need node_modules/{name}", "run `make setup`"))
    return node_modules / name


def inline_script(name: str = "scheme.js") -> str:
    """A script that stands in pages themselves, as templates write it: before anything is drawn."""
    return (HERE / "theme" / "assets" / name).read_text("utf-8").removesuffix("\n")


@cache
def version_of_theme() -> str:
    """A short hash of our style sheets and scripts, so that browsers fetch new ones when they change."""
    digest = hashlib.sha256()
    for file in sorted((HERE / "theme" / "assets").rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


_MATH = """\
document.querySelectorAll(".arithmatex").forEach((element) => {
  const display = element.textContent.trim().startsWith("\\\\[");
  const tex = element.textContent.trim().slice(2, -2);
  katex.render(tex, element, { displayMode: display, throwOnError: false });
});
"""


def export_assets(*, formulas: bool) -> dict[str, bytes]:
    """Style of an export, by path; and KaTeX, to draw formulas in the browser, if it is at hand."""
    css = HERE / "theme" / "assets" / "css"
    style = "\n".join((css / name).read_text("utf-8") for name in ("export.css", "callouts.css", "vault.css"))
    files = {"assets/vault.css": style.encode()}
    folders = [parent / "node_modules" / "katex" / "dist" for parent in HERE.parents]
    package = next((folder for folder in folders if (folder / "katex.min.js").is_file()), None)
    if formulas and package:
        sheet = _OLD_FORMATS.sub("", (package / "katex.min.css").read_text("utf-8"))
        files["assets/katex/katex.min.css"] = sheet.encode()
        files["assets/katex/katex.min.js"] = (package / "katex.min.js").read_bytes()
        files["assets/formulas.js"] = _MATH.encode()
        for font in sorted((package / "fonts").glob("*.woff2")):
            files[f"assets/katex/fonts/{font.name}"] = font.read_bytes()
    return files
