"""The pages of the API reference: an index of the engine's rooms, and one page per room."""

from vaultkit.api.coverage import Coverage
from vaultkit.api.names import Member, Name, Room, summary
from vaultkit.site.context import Context
from vaultkit.site.pages.docstring import docstring
from vaultkit.site.pages.parts import escape, page_link, prose
from vaultkit.site.reference import anchor_of, page_of, source_page
from vaultkit.site.sitemap import Page
from vaultkit.site.ui import say

_FORMS = frozenset({"ABC", "Generic", "NamedTuple", "Protocol", "object"})  # say how, not what


def api_index(context: Context, coverage: Coverage) -> list[str]:
    """Lines of Markdown of `/api/`: each room with its first sentence and its names."""
    language = context.language
    total, run = len(coverage.engine.names), len(coverage.runs)
    lines = [f"# {say(language, 'section_api')}", "", say(language, "api_intro"), ""]
    lines += [say(language, "api_count", total=total, run=run), "{: .k-small }", ""]
    lines += ['<div class="k-list k-rooms" markdown="1">', ""]
    for room in coverage.engine.rooms:
        file = context.page.path_to(page_of(room.path))
        names = " · ".join(f"[`{name.name}`]({file}#{name.path})" for name in room.names)
        lines += [f"- [`{room.path}`]({file})", "", f"    {prose(summary(room.doc))}", _english(context, 4)]
        lines += ["", f"    {names}", "    {: .k-small }", ""]
    return [*lines, "</div>", ""]


def api_room(context: Context, room: Room, coverage: Coverage) -> list[str]:
    """Lines of Markdown of the page of one room."""
    lines = [
        f"# `{room.path}` {{ #{room.path} }}",
        "",
        _source(context, room.file, 0),
        "{: .k-api-facts data-unsearched=1 }",
        "",
    ]
    lines += _doc(context, room.doc)
    for name in room.names:
        lines += _name(context, name, coverage)
    return lines


def _name(context: Context, name: Name, coverage: Coverage) -> list[str]:
    lines = [f"## `{name.name}` {{ #{name.path} }}", "", *_signature(name.signature)]
    facts = [_run_by(context, coverage.runs.get(name.path, [])), *_explained(context, coverage, name.path)]
    facts.append(_source(context, name.file, name.line))
    told = [base for base in name.bases if base not in _FORMS]
    if bases := " · ".join(_base(context, base, coverage) for base in told):
        facts.append(say(context.language, "api_bases", bases=bases))
    lines += ["\n".join(f"<span>{fact}</span>" for fact in facts), "{: .k-api-facts data-unsearched=1 }", ""]
    lines += [*_doc(context, name.doc), *_fields(context, name)]
    members = [member for member in name.members if member.kind != "field"]
    if members:
        lines += ['<div class="k-members" markdown="1">', ""]
        for member in members:
            lines += _member(context, name, member, coverage)
        lines += ["</div>", ""]
    return lines


def _fields(context: Context, name: Name) -> list[str]:
    """Fields that have something to say; the others stand in the signature already."""
    told = [member for member in name.members if member.kind == "field" and member.doc]
    if not told:
        return []
    lines = [say(context.language, "api_fields"), "{: .k-api-label }", ""]
    lines += ['<div class="k-api-fields" markdown="1"' + _lang(context) + ">", ""]
    for member in told:
        lines += [f"- `{member.signature}`", "", f"    {prose(' '.join(member.doc.split()))}", ""]
    return [*lines, "</div>", ""]


def _member(context: Context, name: Name, member: Member, coverage: Coverage) -> list[str]:
    path = f"{name.path}.{member.name}"
    lines = [f"### `{member.name}` {{ #{name.path}.{anchor_of(member)} }}", ""]
    notes = coverage.methods.get(path, [])
    facts = [*([_run_by(context, notes)] if notes else []), *_explained(context, coverage, path)]
    if member.line:
        facts.append(_source(context, name.file, member.line, short=True))
    if member.kind == "property":
        facts.insert(0, f"{say(context.language, 'api_property')} `{member.signature}`")
    else:
        lines += _signature(member.signature)
    if facts:
        lines += [
            "\n".join(f"<span>{fact}</span>" for fact in facts),
            "{: .k-api-facts data-unsearched=1 }",
            "",
        ]
    return [*lines, *_doc(context, member.doc)]


def _explained(context: Context, coverage: Coverage, path: str) -> list[str]:
    pages = _pages(context, coverage.explains.get(path, []))
    links = " · ".join(page_link(context, page) for page in pages)
    return [say(context.language, "api_explained", links=links)] if links else []


def _signature(text: str) -> list[str]:
    return ["``` { .python .no-copy .k-signature }", *text.split("\n"), "```", ""] if text else []


def _doc(context: Context, text: str) -> list[str]:
    if not text:
        return []
    return [f'<div class="k-doc" markdown="1"{_lang(context)}>', "", *docstring(text), "</div>", ""]


def _lang(context: Context) -> str:
    """Docstrings are English on either side."""
    return "" if context.language == "en" else ' lang="en"'


def _english(context: Context, indent: int) -> str:
    return "" if context.language == "en" else " " * indent + '{: lang="en" }'


def _source(context: Context, file: str, line: int, *, short: bool = False) -> str:
    """File and line, as a link to the page of the source."""
    shown = f"{file}:{line}" if line else file
    text = say(context.language, "api_source") if short else f"<code>{escape(shown)}</code>"
    up = "../" * context.page.url.count("/")
    anchor = f"#L{line}" if line else ""
    return f'<a class="k-source" href="{up}{source_page(file).url}{anchor}">{text}</a>'


def _run_by(context: Context, notes: list[str]) -> str:
    pages = _pages(context, notes)
    if not pages:
        return say(context.language, "api_not_run")
    links = " · ".join(page_link(context, page) for page in pages)
    return say(context.language, "api_run_by", links=links)


def _pages(context: Context, notes: list[str]) -> list[Page]:
    """The pages of notes, each pair once."""
    found = (context.sitemap.page_of(note) for note in notes)
    return list({page.key: page for page in found if page}.values())


def _base(context: Context, base: str, coverage: Coverage) -> str:
    public = coverage.engine.public(base)
    if public is None:
        return f"`{base}`"
    name = coverage.engine.names[public]
    return f"[`{name.name}`]({context.page.path_to(page_of(name.room))}#{public})"
