"""Bases on pages: a `.base` file, one of its views, or a `base` code block, as one line of HTML."""

from vaultkit.bases.model import Base, View
from vaultkit.bases.read import read_base
from vaultkit.canvas.draw import entities
from vaultkit.site.context import Context, Target
from vaultkit.site.ui import say
from vaultkit.site.views import view_html
from vaultkit.vault import read_text


def load_base(context: Context, path: str) -> Base:
    """The base in a file of the vault."""
    text, problems = read_text(context.vault.on_disk(path), path)
    base = read_base(path, text or "")
    base.problems[:0] = problems
    return base


def show_view(context: Context, base: Base, view: View, this: str = "") -> str:
    """HTML of a view; `this` is the note in which it stands."""
    found = context.sitemap.answer(base, view, this)
    context.sitemap.dated |= found.dated
    page = context.sitemap.files.get(base.path)
    url = context.url(Target(None, page, "", base.path)) if page and page != context.page else ""
    return view_html(context, found, name=view.name, url=url)


def faults_html(context: Context, base: Base) -> str:
    """What of the base could not be read, "" if all could."""
    shown = [problem for problem in base.problems if problem.severity == "error"]
    if not shown:
        return ""
    items = "".join(f"<li>{entities(f'{p.path}:{p.line}: {p.message}')}</li>" for p in shown)
    return f'<div class="k-fault"><p>{say(context.language, "base_faults")}</p><ul>{items}</ul></div>'
