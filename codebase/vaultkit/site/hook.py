"""The thin bridge between the staged tree and MkDocs; all the work is done elsewhere.

MkDocs imports this file by path. It stages the vault (unless `vaultkit build` has done so), leaves empty
sections out of the nav, puts rendered formulas and links to the API into pages, and copies the browser
libraries that pages need.
"""

import json
import logging
import os
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from vaultkit.api.coverage import engine_of
from vaultkit.errors import VaultError
from vaultkit.glossary import glossary
from vaultkit.site.assets import (
    copy_libraries,
    inline_script,
    join_styles,
    remove_unused,
    version_of_theme,
)
from vaultkit.site.explorer import TITLES
from vaultkit.site.formulas import MissingFormula, put_formulas
from vaultkit.site.html.converter import BELOW, Converter
from vaultkit.site.html.finish import finish, fonts_in, libraries_in
from vaultkit.site.html.quick_markdown import Quick
from vaultkit.site.html.templates import make_quick
from vaultkit.site.katex import Renderer
from vaultkit.site.notebooks import MissingCells, is_notebook, is_raw, prose_file, put_cells
from vaultkit.site.outputs.for_mkdocs import Outputs
from vaultkit.site.outputs.place import is_published
from vaultkit.site.pages.graph import KIND, SLUGS
from vaultkit.site.pages.tags import KIND as TAG_KIND
from vaultkit.site.paths import LANGUAGES, Language, Layout
from vaultkit.site.python_blocks import difference
from vaultkit.site.reference import addresses as api_addresses
from vaultkit.site.safety import policy
from vaultkit.site.stage import stage_all
from vaultkit.site.tagged import ROOTS
from vaultkit.site.terms import Terms
from vaultkit.site.ui import say, table

log = logging.getLogger("mkdocs.hooks.kvist")
GRAPH = f'k: {{"kind": "{KIND}"'  # in the front matter of the page of the graph
TAG = f'k: {{"kind": "{TAG_KIND}"'
_FLAGS = {"katex": "k_math", "mermaid": "k_mermaid"}  # in a page's meta, for the theme
STAGED = "KVIST_STAGED"  # set by `vaultkit build`: the trees are fresh


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    layout = Layout(Path(config.config_file_path).resolve().parent)
    language: Language = "zh" if config.theme["language"] == "zh" else "en"
    if STAGED not in os.environ:
        _stage(layout, language)
    config.markdown_extensions = [*config.markdown_extensions, Quick()]  # type: ignore[list-item]
    config.docs_dir = str(layout.stage(language))
    config.nav = [entry for entry in config.nav or [] if _exists(entry, layout.stage(language))]
    if config.site_url and language == "zh":
        config.site_url = config.site_url.rstrip("/") + "/zh/"
    root = (config.site_url or "").removesuffix("zh/") if language == "zh" else config.site_url or ""
    spoken = spoken_in(layout.stage(language), language)
    alone = spoken_in(layout.stage("en"), "en") == "zh"
    engine = engine_of(layout.vault)
    titles = _titles(layout.stage(language))
    if alone and language == "en":
        config.nav = [_in_chinese(entry, titles) for entry in config.nav]
    named = {path for entry in config.nav if isinstance(entry, dict) for path in entry.values()}
    config.extra.update(
        k_package=engine.package,
        k_runs=bool(engine.rooms),  # the code of notes is run
        k_types=engine.types,
        k_addresses=api_addresses(engine),
        k_ui=table(spoken),
        k_words={name: table(name) for name in LANGUAGES},
        k_lang=spoken,
        k_half=language,
        k_only=alone,  # one language: there is no other to switch to
        k_version=version_of_theme(),
        k_policy=policy(inline_script()),
        k_policy_404=policy(inline_script(), inline_script("not-found.js")),
        k_published=root if is_published(root) else "",
        k_outputs=Outputs.of(config, layout, root, spoken),
        k_material=_material(config),
        k_graph=graph_slug(layout.stage(language)),
        k_tags=tag_root(layout.stage(language)),
        k_titles=titles,
        k_folders={s: t for s, t in titles.items() if not named & {f"{s}/index.md", f"{s}.md"}},
        k_layout=layout,
        k_used=set(),
        k_changed=None,  # a server says which staged files differ; a build writes all
        k_renderer=Renderer(layout),
        k_terms=Terms(glossary(layout.root), spoken),
    )
    config.extra["k_converter"] = Converter(config)
    make_quick(config.theme)
    return config


def graph_slug(stage: Path) -> str:
    """Name of the page of the whole graph in a staged tree, "" if there is none."""
    pages = ((slug, stage / f"{slug}.md") for slug in SLUGS)
    return next(
        (slug for slug, page in pages if page.is_file() and GRAPH in page.read_text("utf-8")[:200]), ""
    )


def spoken_in(stage: Path, language: Language) -> Language:
    """The language in which the pages of a staged tree speak: that of the graph's."""
    slug = graph_slug(stage)
    head = (stage / f"{slug}.md").read_text("utf-8")[:200] if slug else ""
    return "zh" if f'{GRAPH}, "section": "", "lang": "zh"' in head else language


def _in_chinese(entry: Any, titles: dict[str, str]) -> Any:
    """An entry of the nav, called what its folder or the front page is called; else as it is."""
    if not isinstance(entry, dict):
        return entry
    known = {f"{folder}/index.md": title for folder, title in titles.items()} | {
        "index.md": say("zh", "home")
    }
    return {known.get(path, title): path for title, path in entry.items()}


def tag_root(stage: Path) -> str:
    """Name of the folder of the pages of tags in a staged tree, "" if there are none."""
    pages = ((root, stage / root / "index.md") for root in ROOTS)
    return next((root for root, page in pages if page.is_file() and TAG in page.read_text("utf-8")[:200]), "")


def _titles(stage: Path) -> dict[str, str]:
    """What the folders of a staged tree are called."""
    file = stage / TITLES
    titles: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return titles


def _stage(layout: Layout, language: Language) -> None:
    try:
        _, problems = stage_all(layout, (language,))
    except VaultError as error:
        problems = error.problems
    for problem in problems:
        log.log(logging.WARNING if problem.severity == "error" else logging.INFO, "%s", problem)
    if any(problem.path == "[site]" for problem in problems):
        raise Abort("staging failed")


def _material(config: MkDocsConfig) -> str:
    """Path of Material's main style sheet in the site; its name holds a hash."""
    for folder in config.theme.dirs:
        for file in sorted(Path(folder).glob("assets/stylesheets/main.*.min.css")):
            return f"assets/stylesheets/{file.name}"
    raise Abort("[site] need mkdocs-material's style sheet, got none. hint: run `make setup`")


def _exists(entry: Any, folder: Path) -> bool:
    return all((folder / path).is_file() for path in entry.values()) if isinstance(entry, dict) else True


@event_priority(-200)  # after the plug-in
def on_files(files: Files, **_: Any) -> Files:
    for file in files:
        if is_notebook(file.src_uri) and not file.is_documentation_page():
            log.warning("%s: nothing renders this notebook: is mkdocs-jupyter on?", file.src_uri)
    return files


def on_pre_page(page: Page, config: MkDocsConfig, **_: Any) -> Page:
    """Every page but a lab's is rendered by a parser that they share."""
    if not is_notebook(page.file.src_uri):
        config.extra["k_converter"].take(page)
    return page


def on_page_read_source(page: Page, config: MkDocsConfig, **_: Any) -> str | None:
    """Of a lab, its prose: what the notebook's file holds is for the plug-in to read."""
    if not is_notebook(page.file.src_uri):
        return None
    return (Path(config.docs_dir) / prose_file(page.file.src_uri)).read_text("utf-8")


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files, **_: Any) -> str:
    """Compare the page with the census, put formulas and links in, remember which libraries are needed."""
    renderer: Renderer = config.extra["k_renderer"]
    if is_notebook(page.file.src_uri):
        Page.render(page, config, files)  # the plug-in has put its own in the place of this one
        try:
            html = put_cells(page.content or "", html, config.extra["k_lang"])
        except MissingCells as missing:
            log.warning("%s: mkdocs-jupyter did not render %s", page.file.src_uri, missing)
    known = page.meta.get("k", {}).get("python")
    if known is not None and (wrong := difference(html, known)):
        log.warning("%s: %s", page.file.src_uri, wrong)
    k, extra = page.meta.get("k", {}), config.extra
    try:
        for item in page.toc:
            _toc(item, renderer)
        html = finish(html, page.meta.get(BELOW, ""), page.url, k, extra)
    except MissingFormula as missing:
        log.warning("%s: formula was not seen at staging: %s", page.file.src_uri, missing)
    page.meta.update(extra["k_outputs"].of_page(page.url, k.get("source", "")))
    needed = libraries_in(html)
    extra["k_used"] |= needed
    page.meta["k_fonts"] = fonts_in(html)
    page.meta.update({flag: True for name, flag in _FLAGS.items() if name in needed})
    return html


def _toc(item: Any, renderer: Renderer) -> None:
    item.title = put_formulas(item.title, renderer)
    for child in item.children:
        _toc(child, renderer)


def on_post_page(output: str, page: Page, **_: Any) -> str:
    if is_raw(output):
        log.warning("%s: the page shows a notebook's JSON: is mkdocs-jupyter on?", page.file.src_uri)
    return output


def on_post_build(config: MkDocsConfig) -> None:
    layout: Layout = config.extra["k_layout"]
    for why in config.extra["k_outputs"].write(Path(config.site_dir), config.extra["k_changed"]):
        log.info("%s", why)
    assets = Path(config.site_dir) / "assets"
    remove_unused(assets)
    join_styles(assets, [Path(folder) for folder in config.theme.dirs])
    copy_libraries(layout.root / "node_modules", assets, sorted(config.extra["k_used"]))
