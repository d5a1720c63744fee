"""One staged file: front matter for the theme, title, header, the note's text, and the foot."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vaultkit.api.coverage import Coverage
from vaultkit.api.names import Room, summary
from vaultkit.backlinks import Backlink
from vaultkit.note import Note
from vaultkit.site.body import Body, body_of
from vaultkit.site.context import Context
from vaultkit.site.describe import plain
from vaultkit.site.draft import Formula, formulas_in
from vaultkit.site.graph import Graph
from vaultkit.site.in_lists import Place
from vaultkit.site.pages.api import api_index, api_room
from vaultkit.site.pages.file import file_page
from vaultkit.site.pages.foot import foot, foot_html
from vaultkit.site.pages.front import front_page
from vaultkit.site.pages.graph import KIND as GRAPH
from vaultkit.site.pages.graph import graph_lines
from vaultkit.site.pages.header import header, notice, sources
from vaultkit.site.pages.home import KIND as HOME
from vaultkit.site.pages.home import home, with_ways
from vaultkit.site.pages.in_lists import in_lists
from vaultkit.site.pages.parts import escape
from vaultkit.site.pages.planned import KIND as PLANNED
from vaultkit.site.pages.planned import planned
from vaultkit.site.pages.properties import css_classes, properties
from vaultkit.site.pages.reading_list import KIND as READING_LIST
from vaultkit.site.pages.reading_list import reading_list
from vaultkit.site.pages.review import KIND as REVIEW
from vaultkit.site.pages.review import review
from vaultkit.site.pages.sections import section_index, section_title
from vaultkit.site.pages.tags import KIND as TAG
from vaultkit.site.pages.tags import all_tags_lines, tag_lines
from vaultkit.site.plain.fence import fence
from vaultkit.site.plain.harmless import harmless
from vaultkit.site.reference import SECTION as API
from vaultkit.site.results import Results
from vaultkit.site.slugs import heading_slug
from vaultkit.site.tagged import Tag
from vaultkit.site.transforms import to_markdown, transform
from vaultkit.site.ui import say


@dataclass(frozen=True, slots=True)
class Inputs:
    """What every page of one language may need besides its own note; `body` may give one made before."""

    backlinks: dict[str, list[Backlink]]
    results: Results
    places: dict[str, list[Place]] = field(default_factory=dict)
    body: Callable[[Context], Body] = body_of


def compose(context: Context, inputs: Inputs) -> tuple[str, list[Formula]]:
    """Text of the staged file of `context.page`, and the formulas on it."""
    shown = context.note
    kind = str(context.vault.notes[context.page.note("en")].properties.get("kind", ""))
    body = inputs.body(context)
    below, quoted = "", list[Formula]()
    if kind != PLANNED and not context.sitemap.plain:
        below, quoted = foot_html(context, inputs.backlinks.get(context.page.key, []))
    title = _title(context, shown)
    lines = [*_subtitle(context), *notice(context), *header(context, inputs.results), *properties(context)]
    head = "\n".join(lines).strip("\n").replace("\r", " ")
    html = {} if context.sitemap.plain else {"head": [len(title), len(head)], "below": len(below)}
    listed = "\n".join([*reading_list(context), ""]) if kind == READING_LIST else ""
    top = f"{_front_matter(context, kind, html)}\n{title}{head}\n\n{listed}"
    end = planned(context, inputs.backlinks) if kind == PLANNED else [*sources(context)]
    if kind == REVIEW:
        end += review(context)
    if kind == HOME:
        end += home(context)
    if kind != PLANNED:
        end += in_lists(context, inputs.places.get(context.page.key, []))
        if context.sitemap.plain:
            end += foot(context, inputs.backlinks.get(context.page.key, []))
    words = with_ways(body.text, context) if kind == HOME else body.text
    text = top + words + "\n".join(end)
    formulas = [*body.formulas, *formulas_in("\n".join([title, listed, *end])), *quoted]
    return text.rstrip("\n") + "\n" + below, formulas


def compose_file(context: Context) -> tuple[str, list[Formula]]:
    """Text of the page of a canvas or a base, and the formulas on it."""
    context.pipeline = transform
    title = context.sitemap.title(context.page, context.language)
    kind = context.page.key.rpartition(".")[2].lower()
    k = {"kind": kind, "section": context.page.section, "lang": context.language, "source": context.page.key}
    meta = {"title": title, "k": k}
    head = "\n".join([_yaml(meta), f"# {escape(title)} {{ #{heading_slug(title)} }}", "", ""])
    body = file_page(context)
    text = head + to_markdown(body, context)
    return text.rstrip("\n") + "\n", list(context.stash.formulas.values())


def compose_graph(context: Context, graph: Graph) -> str:
    """Text of the page of the whole graph."""
    title = say(context.language, "graph")
    meta = {"title": title, "k": {"kind": GRAPH, "section": "", "lang": context.language}}
    return "\n".join([_yaml(meta), f"# {title}", "", *graph_lines(context, graph)]) + "\n"


def compose_raw(context: Context) -> str:
    """The page of a note that no transform could read: its text as code."""
    title = context.sitemap.title(context.page, context.language)
    lines = [_yaml({"title": title, "k": {"lang": context.language}}), f"# {escape(title)}", ""]
    return "\n".join([*lines, *fence(context.note.text, "text")]) + "\n"


def compose_section(context: Context, section: str) -> tuple[str, list[Formula]]:
    """Text of the index page of a folder, and the formulas on it."""
    title = section_title(context, section)
    meta = {"title": title, "k": {"kind": "section", "section": section, "lang": context.language}}
    lines = section_index(context, section)
    return "\n".join([_yaml(meta), *lines]), formulas_in("\n".join(lines))


def compose_front(context: Context) -> str:
    """Text of the front page of a vault that has none."""
    name = say(context.language, "home")
    meta = {"title": name, "k": {"kind": "section", "section": "", "lang": context.language}}
    return "\n".join([_yaml(meta), *front_page(context, name)]) + "\n"


def compose_tag(context: Context, tag: Tag | None) -> str:
    """Text of the page of a tag, of the list of all for None."""
    language = context.language
    title = f"#{tag.name}" if tag else say(language, "tags")
    meta: dict[str, object] = {"title": title}
    if tag:
        meta["description"] = say(language, "tag_title", name=title)
    k = {"kind": TAG, "section": "", "lang": language, "tags": context.sitemap.tag_root if tag else ""}
    lines = tag_lines(context, tag) if tag else all_tags_lines(context)
    return "\n".join([_yaml(meta | {"k": k}), f"# {escape(title).replace('/', '/<wbr>')}", "", *lines])


def compose_api(context: Context, room: Room | None, coverage: Coverage) -> tuple[str, list[Formula]]:
    """Text of a page of the API reference, the index for None, and the formulas on it."""
    lines = api_room(context, room, coverage) if room else api_index(context, coverage)
    meta: dict[str, object] = {"title": room.path if room else say(context.language, "section_api")}
    if room:
        meta["description"] = plain(summary(room.doc))[:300]
    meta["k"] = {"kind": "api" if room else "section", "section": API, "lang": context.language}
    text = "\n".join(lines)
    return _yaml(meta) + "\n" + text, formulas_in(text)


def compose_source(file: str, text: str) -> str:
    """Text of the page of a source file: its code, whose lines the hook numbers."""
    k: dict[str, object] = {"kind": "source", "section": API, "lang": "en", "languages": ["en"]}
    meta = {"title": file, "k": k}
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(
        [_yaml(meta), f"# {file}", "", f"{fence} {{ .python .k-lines }}", text.rstrip("\n"), fence, ""]
    )


def _front_matter(context: Context, kind: str, html: Mapping[str, object]) -> str:
    """`html` says where in the file HTML stands that is no Markdown (`html/source.py`)."""
    page = context.page
    note = context.note
    meta: dict[str, object] = {"title": context.sitemap.title(page, context.language)}
    if text := context.sitemap.description(note.path):
        meta["description"] = text
    if context.sitemap.plain:
        return _yaml(meta)
    meta["k"] = {
        "kind": kind,
        "section": page.section,
        "lang": context.sitemap.lang(note),
        "planned": context.sitemap.planned(page),
        "translated": page.translated(context.language),
        "languages": list(page.notes),
        "source": note.path,
        "classes": " ".join(css_classes(note)),
        "python": context.python,
        **html,
    }
    return _yaml(meta)


def _yaml(meta: Mapping[str, object]) -> str:
    """Front matter; JSON values are YAML too, and need no thought about quoting."""
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in meta.items()]
    return "\n".join(["---", *lines, "---", ""])


def _title(context: Context, note: Note) -> str:
    """The heading that the note begins with, else its title."""
    top = next((heading for heading in note.headings if heading.line == context.title_line), None)
    title = context.sitemap.title(context.page, context.language)
    text = harmless(top.text) if top and context.page.translated(context.language) else escape(title)
    anchor = context.sitemap.anchors(note).headings[top.line] if top else heading_slug(title)
    return f"# {text} {{ #{anchor} }}\n\n"


def _subtitle(context: Context) -> list[str]:
    """A Chinese page names the English one below its title."""
    english = context.page.notes.get("en")
    if context.language != "zh" or not english or not context.page.section:
        return []
    name = context.vault.notes[english].title
    same = name == context.sitemap.title(context.page, "zh")
    return [] if same else [f'<p class="k-subtitle" lang="en" data-unsearched>{name}</p>', ""]
