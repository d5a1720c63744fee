"""Staging: a vault of Obsidian Markdown in, one tree of plain Markdown per language out.

Pure but for the writing: the same vault and results give the same files, and unchanged files are not touched.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from vaultkit import place
from vaultkit.api.coverage import Coverage, coverage, engine_of
from vaultkit.api.names import Engine, Room
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
    compose_front,
    compose_graph,
    compose_raw,
    compose_section,
    compose_source,
    compose_tag,
)
from vaultkit.site.context import Context, as_attachment
from vaultkit.site.draft import Formula
from vaultkit.site.explorer import explorer
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
from vaultkit.site.publish import files_of, read, remove_empty, write_anew
from vaultkit.site.reference import index_page, page_of, source_page
from vaultkit.site.results import Results
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.vault import Vault

GRAPH = "graph.json"  # in the cache: the places of the graph's nodes


@dataclass
class Part:
    """What one step of staging gave: files by path in the tree, formulas with the note that holds them, the
    attachments shown, problems; `dated` if it depends on the day of the build.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    formulas: dict[Formula, str] = field(default_factory=dict)
    attachments: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    dated: bool = False

    def add(self, page: Page, text: str, formulas: list[Formula], source: str) -> None:
        file = prose_file(page.file) if page.file.endswith(SUFFIX) else page.file
        self.files[file] = text.encode("utf-8", "replace")
        for formula in formulas:
            self.formulas.setdefault(formula, source)


@dataclass
class Staged(Part):
    """The same of one language's whole tree."""

    language: Language = "en"

    def take(self, part: Part) -> None:
        self.files |= part.files
        for formula, source in part.formulas.items():
            self.formulas.setdefault(formula, source)
        self.attachments |= part.attachments
        self.problems += part.problems
        self.dated |= part.dated


Step = tuple[str, Callable[[], Part]]  # a name that stays the same, and what to do


def stage(
    sitemap: SiteMap,
    language: Language,
    results: Results,
    api: Coverage | None = None,
    graph: Graph | None = None,
) -> Staged:
    """All files of one language's tree."""
    staged = Staged(language=language)
    inputs = Inputs(backlinks(sitemap.vault, language), results, places(sitemap))
    for _, step in steps(sitemap, language, inputs, api or Coverage(Engine(""))):
        staged.take(step())
    for path in sorted(staged.attachments):
        staged.take(attachment(sitemap.vault, path))
    staged.take(of_all(sitemap, language, graph, staged.files))
    return staged


def steps(sitemap: SiteMap, language: Language, inputs: Inputs, api: Coverage) -> Iterator[Step]:
    """What makes up a tree but for its attachments; each stands alone and reads only what it is given."""
    language = sitemap.spoken(language)
    for key, page in sitemap.pages.items():
        yield f"note {key}", partial(_note, sitemap, language, page, inputs)
    for path, page in sitemap.files.items():
        yield f"file {path}", partial(_file, sitemap, language, page, path)
    nothing = parse_note("", "")
    if api.engine.rooms:
        for room in (None, *api.engine.rooms):
            context = Context(sitemap, language, page_of(room.path) if room else index_page(), nothing)
            yield f"api {room.path if room else ''}", partial(_api, context, room, api)
        files = {room.file for room in api.engine.rooms} | {name.file for name in api.engine.names.values()}
        for file in sorted(files):
            yield f"source {file}", partial(_source, sitemap, file)
    home = Page("", "index", {})
    taken = {page.file for page in (*sitemap.pages.values(), *sitemap.files.values())}
    taken |= {index_page().file} if api.engine.rooms else set()
    for section in sections(Context(sitemap, language, home, nothing)):
        page = replace(home, slug=f"{section}/index")
        if page.file not in taken and f"{section}.md" not in taken:
            yield f"section {section}", partial(_section, Context(sitemap, language, page, nothing), section)
    if home.file not in taken and not sitemap.plain:
        yield "front", partial(_front, Context(sitemap, language, home, nothing))
    for name in (None, *sitemap.tags) if sitemap.tags else ():
        yield f"tag {name or ''}", partial(_tag, sitemap, language, name)
    yield "titles", partial(_titles, sitemap, language, api)


def of_all(sitemap: SiteMap, language: Language, graph: Graph | None, others: Iterable[str]) -> Part:
    """What is made of all notes together: the graph, and the list from which feeds, `llms.txt` and the rest
    are made. `others` are the files that the steps have given.
    """
    part = Part()
    language = sitemap.spoken(language)
    if graph:
        page = graph_page(sitemap)
        context = Context(sitemap, language, page, parse_note("", ""))
        part.add(page, compose_graph(context, graph), [], source=page.file)
        part.files |= graph_files(graph, sitemap, language)
        part.files[taught.FILE] = taught.taught(sitemap).encode()
    if not sitemap.plain:
        part.files[LISTING] = dump(listing(sitemap, language, [*others, *part.files]))
    return part


def attachment(vault: Vault, path: str) -> Part:
    """A file of the vault as it is."""
    part = Part()
    try:
        part.files[as_attachment(path)] = vault.on_disk(path).read_bytes()
    except OSError as error:
        why = f"cannot be read: {error.strerror or error}"
        part.problems.append(Problem(path, 0, "unreadable", why))
    return part


def _note(sitemap: SiteMap, language: Language, page: Page, inputs: Inputs) -> Part:
    """A note's page; where the pipeline fails on a note, its text as it is, and a problem."""
    part = Part()
    context = Context(sitemap, language, page, sitemap.vault.notes[page.note(language)])
    sitemap.dated = False
    try:
        part.add(page, *compose(context, inputs), source=context.note.path)
    except VaultError:
        raise
    except Exception as error:
        why = f"cannot be rendered: {type(error).__name__}: {error}"
        part.problems.append(Problem(context.note.path, 0, "unrenderable", why[:300]))
        part.add(page, compose_raw(context), [], source=context.note.path)
    if page.file.endswith(SUFFIX):
        part.files[page.file] = sitemap.vault.on_disk(context.note.path).read_bytes()
    if not sitemap.plain:
        part.files[source_file(page)] = source_text(sitemap, page, language).encode("utf-8", "replace")
    part.problems += context.problems if page.translated(language) else []
    part.attachments = context.files
    part.dated = sitemap.dated
    return part


def _file(sitemap: SiteMap, language: Language, page: Page, path: str) -> Part:
    """The page of a canvas or a base."""
    part = Part()
    context = Context(sitemap, language, page, parse_note(path, ""))
    sitemap.dated = False
    part.add(page, *compose_file(context), source=path)
    part.attachments = context.files
    part.dated = sitemap.dated
    return part


def _api(context: Context, room: Room | None, api: Coverage) -> Part:
    part = Part()
    part.add(context.page, *compose_api(context, room, api), source=room.file if room else context.page.file)
    return part


def _source(sitemap: SiteMap, file: str) -> Part:
    part = Part()
    text = (place.project_of(sitemap.vault.root) / file).read_text("utf-8")
    part.add(source_page(file), compose_source(file, text), [], source=file)
    return part


def _section(context: Context, section: str) -> Part:
    part = Part()
    part.add(context.page, *compose_section(context, section), source=context.page.file)
    return part


def _front(context: Context) -> Part:
    part = Part()
    part.add(context.page, compose_front(context), [], source=context.page.file)
    return part


def _tag(sitemap: SiteMap, language: Language, key: str | None) -> Part:
    """The page of a tag; for None that of all tags."""
    part = Part()
    tag = None if key is None else sitemap.tags[key]
    page = tag_page(sitemap, tag) if tag else all_tags_page(sitemap)
    text = compose_tag(Context(sitemap, language, page, parse_note("", "")), tag)
    part.add(page, text, [], source=page.file)
    return part


def _titles(sitemap: SiteMap, language: Language, api: Coverage) -> Part:
    part = Part({titles.FILE: titles.titles(sitemap, language, api.engine).encode()})
    if not sitemap.plain:
        part.files |= explorer(sitemap, language, api.engine)
    return part


def stage_all(layout: Layout, languages: tuple[Language, ...]) -> tuple[list[Staged], list[Problem]]:
    """Stage these languages, render their formulas, write the trees; also what is wrong with the vault."""
    vault = Vault.load(layout.vault)
    sitemap = SiteMap.of(vault)
    results = Results(layout.vault)
    api = coverage(sitemap.vault, engine_of(layout.vault))
    graph = graph_of(sitemap, layout.cache / GRAPH)
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
    had = files_of(folder)
    changed = sorted(had.keys() - files.keys())
    for path in changed:
        (folder / path).unlink()
        remove_empty(folder, (folder / path).parent)
    for path, content in files.items():
        file = f"{folder}/{path}"
        if path not in had or had[path].st_size != len(content) or read(file) != content:
            write_anew(file, content)
            changed.append(path)
    return changed
