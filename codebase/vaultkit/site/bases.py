"""Bases on pages: a `.base` file, one of its views, or a `base` code block, as one line of HTML."""

import os
from datetime import UTC, date, datetime

from vaultkit.bases.model import Base, View
from vaultkit.bases.query import answer
from vaultkit.bases.read import read_base
from vaultkit.canvas.draw import entities
from vaultkit.site.context import Context
from vaultkit.site.ui import say
from vaultkit.site.views import view_html
from vaultkit.vault import read_text


def build_day() -> date:
    """The day that `now()` and `today()` mean: of SOURCE_DATE_EPOCH if it is set, else today."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        return datetime.fromtimestamp(int(given), UTC).date() if given else date.today()
    except (ValueError, OverflowError, OSError):
        return date.today()


def load_base(context: Context, path: str) -> Base:
    """The base in a file of the vault."""
    text, problems = read_text(context.vault.root / path, path)
    base = read_base(path, text or "")
    base.problems[:0] = problems
    return base


def show_view(context: Context, base: Base, view: View, this: str = "") -> str:
    """HTML of a view; `this` is the note in which it stands."""
    found = answer(base, view, context.sitemap.index, build_day(), this)
    context.sitemap.dated |= found.dated
    return view_html(context, found, name=view.name)


def faults_html(context: Context, base: Base) -> str:
    """What of the base could not be read, "" if all could."""
    shown = [problem for problem in base.problems if problem.severity == "error"]
    if not shown:
        return ""
    items = "".join(f"<li>{entities(f'{p.path}:{p.line}: {p.message}')}</li>" for p in shown)
    return f'<div class="k-fault"><p>{say(context.language, "base_faults")}</p><ul>{items}</ul></div>'
