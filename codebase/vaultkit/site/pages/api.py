"""The pages of the API reference: an index of the engine's rooms, and one page per room."""

from vaultkit.api.coverage import Coverage
from vaultkit.api.names import Member, Name, Room, summary
from vaultkit.site.context import Context
from vaultkit.site.pages.docstring import docstring
from vaultkit.site.pages.parts import escape, page_link, prose
from vaultkit.site.reference import anchor_of, page_of
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
    lines = [f"# `{room.path}` {{ #{room.path} }}", "", _source(room.file, 0), "{: .k-api-facts }", ""]
    lines += _doc(context, room.doc)
    for name in room.names:
        lines += _name(context, name, coverage)
    return lines


def _name(context: Context, name: Name, coverage: Coverage) -> list[str]:
    lines = [f"## `{name.name}` {{ #{name.path} }}", "", *_signature(name.signature)]
    facts = [_run_by(context, coverage.runs.get(name.path, [])), _source(name.file, name.line)]
    told = [base for base in name.bases if base not in _FORMS]
    if bases := " · ".join(_base(context, base, coverage) for base in told):
        facts.append(say(context.language, "api_bases", bases=bases))
    lines += ["\n".join(f"<span>{fact}</span>" for fact in facts), "{: .k-api-facts }", ""]
    lines += [*_doc(context, name.doc), *_fields(context, name)]
    members = [member for member in name.members if member.kind != "field"]
    if members:
        lines += ['<div class="k-members" markdown="1">', ""]
        for member in members:
            lines += _member(context, name, member)
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


def _member(context: Context, name: Name, member: Member) -> list[str]:
    lines = [f"### `{member.name}` {{ #{name.path}.{anchor_of(member)} }}", ""]
    if member.kind == "property":
        kind = say(context.language, "api_property")
        lines += [f"{kind} `{member.signature}`", "{: .k-api-facts }", ""]
    else:
        lines += _signature(member.signature)
    return [*lines, *_doc(context, member.doc)]


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


def _source(file: str, line: int) -> str:
    """File and line; the hook makes it a link when the configuration names a repository."""
    place = f"{file}:{line}" if line else file
    return f'<code class="k-source">{escape(place)}</code>'


def _run_by(context: Context, notes: list[str]) -> str:
    pages: dict[str, Page] = {}
    for note in notes:
        if page := context.sitemap.page_of(note):
            pages[page.key] = page
    if not pages:
        return say(context.language, "api_not_run")
    links = " · ".join(page_link(context, page) for page in pages.values())
    return say(context.language, "api_run_by", links=links)


def _base(context: Context, base: str, coverage: Coverage) -> str:
    public = coverage.engine.public(base)
    if public is None:
        return f"`{base}`"
    name = coverage.engine.names[public]
    return f"[`{name.name}`]({context.page.path_to(page_of(name.room))}#{public})"
