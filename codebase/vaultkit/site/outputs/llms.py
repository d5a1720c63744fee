"""`llms.txt`: the site's contents for language models, in the form of llmstxt.org.

A first heading with the name, a quote with what it is, notes on reading it, then lists of links to Markdown.
"""

from itertools import groupby

from vaultkit.site.outputs.listing import Entry
from vaultkit.site.outputs.place import Place
from vaultkit.site.ui import STRINGS, say


def llms_txt(place: Place, entries: list[Entry]) -> str:
    """Written notes of this language, by folder; the notes outside of any folder come first."""
    language = place.language
    notes = [e for e in entries if e.source and language in e.languages and not e.planned]
    lines = [f"# {place.name}", "", f"> {_line(place.description)}", "", say(place.spoken, "llms_how"), ""]
    notes.sort(key=lambda entry: (entry.section, entry.url))
    for section, group in groupby(notes, key=lambda entry: entry.section):
        lines += [f"## {_section(place, section)}", ""]
        for entry in group:
            text = f": {_line(entry.text)}" if entry.text else ""
            lines.append(f"- [{_label(entry.title)}]({place.link(markdown_url(entry))}){text}")
        lines.append("")
    other = say(place.spoken, "llms_other")
    lines += ["## Optional", ""]
    if place.spoken == language:
        lines += [f"- [{other}]({place.link('llms.txt', 'zh' if language == 'en' else 'en')})"]
    lines += [f"- [{say(place.spoken, 'feed')}]({place.link('feed.xml')})"]
    return "\n".join(lines) + "\n"


def markdown_url(entry: Entry) -> str:
    """Where the Markdown of a page stands: beside it."""
    return f"{entry.url}index.md"


def _section(place: Place, section: str) -> str:
    key = f"section_{section}"
    if key in STRINGS:
        return say(place.spoken, key)
    return section.replace("-", " ").capitalize() if section else say(place.spoken, "llms_first")


def _line(text: str) -> str:
    return " ".join(text.split())


def _label(text: str) -> str:
    return _line(text).replace("[", "(").replace("]", ")")
