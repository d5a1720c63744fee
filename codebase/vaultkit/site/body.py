"""A note's text as it stands on its page: what is made of the note itself and of what it links and embeds."""

from dataclasses import dataclass

from vaultkit.errors import Problem
from vaultkit.labs.view import read_once
from vaultkit.site.context import Context
from vaultkit.site.draft import Formula
from vaultkit.site.notebooks import is_notebook, lab_text
from vaultkit.site.transforms import to_markdown, transform


@dataclass(frozen=True, slots=True)
class Body:
    """`text` is Markdown; the rest is what a context knows once it was made in it."""

    text: str
    formulas: list[Formula]
    problems: list[Problem]
    python: list[str]
    files: set[str]
    title_line: int
    dated: bool

    def tell(self, context: Context) -> None:
        """Let another context of the same page know the same."""
        context.problems += self.problems
        context.python += self.python
        context.files |= self.files
        context.title_line = self.title_line
        context.sitemap.dated |= self.dated


def body_of(context: Context) -> Body:
    """The text of the context's note."""
    text = to_markdown(transform(_text(context), context), context)
    return Body(
        text,
        list(context.stash.formulas.values()),
        list(context.problems),
        list(context.python),
        set(context.files),
        context.title_line,
        context.sitemap.dated,
    )


def _text(context: Context) -> str:
    """The note's text; of a lab, what stands around its code cells."""
    note = context.note
    if not is_notebook(note.path) or context.page.plain:
        return note.text
    file = context.vault.on_disk(note.path)
    notebook = read_once(file.read_text("utf-8-sig", "replace"))
    context.python += [f"{note.path}: cell {number}" for number, _ in enumerate(notebook.code, 1)]
    return lab_text(notebook, context.language)
