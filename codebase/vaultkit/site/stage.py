"""Staging: a vault of Obsidian Markdown in, one tree of plain Markdown per language out.

Pure but for the writing: the same vault and results give the same files, and unchanged files are not touched.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from vaultkit import place
from vaultkit.api.coverage import Coverage, coverage, engine_of
from vaultkit.api.names import Engine
from vaultkit.backlinks import backlinks
from vaultkit.check import check_vault
from vaultkit.errors import Problem, VaultError
from vaultkit.labs.notebook import SUFFIX
from vaultkit.note import parse_note
from vaultkit.site import taught, titles
from vaultkit.site.compose import (
    Inputs,
    compose,
    compose_api,
    compose_file,
    compose_graph,
    compose_raw,
    compose_section,
    compose_source,
    compose_tag,
)
from vaultkit.site.context import Context, as_attachment
from vaultkit.site.draft import Formula
from vaultkit.site.graph import Graph, graph_of
from vaultkit.site.graph_files import graph_files
from vaultkit.site.in_lists import places
from vaultkit.site.katex import Renderer
from vaultkit.site.notebooks import prose_file
from vaultkit.site.outputs.listing import FILE as LISTING
from vaultkit.site.outputs.listing import dump, listing, source_file
from vaultkit.site.outputs.source_text import source_text
from vaultkit.site.pages.graph import graph_page
from vaultkit.site.pages.sections import sections
from vaultkit.site.pages.tags import all_tags_page, tag_page
from vaultkit.site.paths import Language, Layout
from vaultkit.site.reference import index_page, page_of, source_page
from vaultkit.site.results import Results
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.vault import Vault


@dataclass
class Staged:
    """What staging gave: files by path in the tree, formulas with the note that holds them, and problems."""

    language: Language
    files: dict[str, bytes] = field(default_factory=dict)
    formulas: dict[Formula, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    dated: bool = False  # a page depends on the day of the build

    def add(self, page: Page, text: str, formulas: list[Formula], source: str) -> None:
        file = prose_file(page.file) if page.file.endswith(SUFFIX) else page.file
        self.files[file] = text.encode("utf-8", "replace")
        for formula in formulas:
            self.formulas.setdefault(formula, source)


def stage(
    sitemap: SiteMap,
    language: Language,
    results: Results,
    api: Coverage | None = None,
    graph: Graph | None = None,
) -> Staged:
    """All files of one language's tree."""
    staged = Staged(language)
    inputs = Inputs(backlinks(sitemap.vault, language), results, places(sitemap))
    attachments: set[str] = set()
    for page in sitemap.pages.values():
        context = Context(sitemap, language, page, sitemap.vault.notes[page.note(language)])
        staged.add(page, *_composed(context, inputs, staged), source=context.note.path)
        if page.file.endswith(SUFFIX):
            staged.files[page.file] = sitemap.vault.on_disk(context.note.path).read_bytes()
        own = page.translated(language)
        staged.problems += context.problems if own else []
        attachments |= context.files
    for path, page in sitemap.files.items():
        context = Context(sitemap, language, page, parse_note(path, ""))
        staged.add(page, *compose_file(context), source=path)
        attachments |= context.files
    api = api or Coverage(Engine(""))
    _add_api(staged, sitemap, api)
    _add_sections(staged, sitemap)
    _add_tags(staged, sitemap)
    if graph:
        _add_graph(staged, sitemap, graph)
    for path in sorted(attachments):
        try:
            staged.files[as_attachment(path)] = sitemap.vault.on_disk(path).read_bytes()
        except OSError as error:
            why = f"cannot be read: {error.strerror or error}"
            staged.problems.append(Problem(path, 0, "unreadable", why))
    staged.dated = sitemap.dated
    staged.files[titles.FILE] = titles.titles(sitemap, language, api.engine).encode()
    _add_outputs(staged, sitemap)
    return staged


def _add_outputs(staged: Staged, sitemap: SiteMap) -> None:
    """What the feeds, `llms.txt` and the rest are made of, in a folder that MkDocs does not see."""
    if sitemap.plain:
        return
    for page in sitemap.pages.values():
        text = source_text(sitemap, page, staged.language)
        staged.files[source_file(page)] = text.encode("utf-8", "replace")
    staged.files[LISTING] = dump(listing(sitemap, staged.language, staged.files))


def _composed(context: Context, inputs: Inputs, staged: Staged) -> tuple[str, list[Formula]]:
    """The page; where the pipeline fails on a note, its text as it is, and a problem."""
    try:
        return compose(context, inputs)
    except VaultError:
        raise
    except Exception as error:
        why = f"cannot be rendered: {type(error).__name__}: {error}"
        staged.problems.append(Problem(context.note.path, 0, "unrenderable", why[:300]))
        return compose_raw(context), []


def _add_api(staged: Staged, sitemap: SiteMap, api: Coverage) -> None:
    """The API reference, if there is an engine."""
    if not api.engine.rooms:
        return
    nothing = parse_note("", "")
    for room in (None, *api.engine.rooms):
        page = page_of(room.path) if room else index_page()
        context = Context(sitemap, staged.language, page, nothing)
        staged.add(page, *compose_api(context, room, api), source=room.file if room else page.file)
    files = {room.file for room in api.engine.rooms} | {name.file for name in api.engine.names.values()}
    for file in sorted(files):
        text = (place.project_of(sitemap.vault.root) / file).read_text("utf-8")
        staged.add(source_page(file), compose_source(file, text), [], source=file)


def _add_sections(staged: Staged, sitemap: SiteMap) -> None:
    nothing = parse_note("", "")
    home = Page("", "index", {})
    for section in sections(Context(sitemap, staged.language, home, nothing)):
        page = replace(home, slug=f"{section}/index")
        if page.file not in staged.files and f"{section}.md" not in staged.files:
            context = Context(sitemap, staged.language, page, nothing)
            staged.add(page, *compose_section(context, section), source=page.file)


def _add_tags(staged: Staged, sitemap: SiteMap) -> None:
    """A page for each tag and one for all, if there are tags."""
    for tag in (None, *sitemap.tags.values()) if sitemap.tags else ():
        page = tag_page(sitemap, tag) if tag else all_tags_page(sitemap)
        context = Context(sitemap, staged.language, page, parse_note("", ""))
        staged.add(page, compose_tag(context, tag), [], source=page.file)


def _add_graph(staged: Staged, sitemap: SiteMap, graph: Graph) -> None:
    page = graph_page(sitemap)
    context = Context(sitemap, staged.language, page, parse_note("", ""))
    staged.add(page, compose_graph(context, graph), [], source=page.file)
    staged.files |= graph_files(graph, sitemap, staged.language)
    staged.files[taught.FILE] = taught.taught(sitemap).encode()


def stage_all(layout: Layout, languages: tuple[Language, ...]) -> tuple[list[Staged], list[Problem]]:
    """Stage these languages, render their formulas, write the trees; also what is wrong with the vault."""
    vault = Vault.load(layout.vault)
    sitemap = SiteMap.of(vault)
    results = Results(layout.vault)
    api = coverage(sitemap.vault, engine_of(layout.vault))
    graph = graph_of(sitemap, layout.cache / "graph.json")
    trees = [stage(sitemap, language, results, api, graph) for language in languages]
    problems = [*check_vault(vault), *sitemap.problems, *api.engine.problems]
    formulas: dict[Formula, str] = {}
    for tree in trees:
        problems += tree.problems
        formulas |= tree.formulas
    problems += Renderer(layout).render(formulas)
    for tree in trees:
        write(tree.files, layout.stage(tree.language))
    return trees, sorted(set(problems), key=lambda p: (p.path, p.line, p.code, p.message))


def write(files: dict[str, bytes], folder: Path) -> list[str]:
    """Make `folder` hold exactly these files; return the paths that changed."""
    changed = []
    for path, content in files.items():
        file = folder / path
        if file.is_file() and file.read_bytes() == content:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        changed.append(path)
    for file in sorted(folder.rglob("*"), reverse=True):
        path = file.relative_to(folder).as_posix()
        if file.is_file() and path not in files:
            file.unlink()
            changed.append(path)
        elif file.is_dir() and not any(file.iterdir()):
            file.rmdir()
    return changed
