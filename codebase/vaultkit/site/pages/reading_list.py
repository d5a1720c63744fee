"""How far a reading list has come: items and minutes, counted from the ticks in the English file."""

from vaultkit.lists.reading import progress
from vaultkit.site.context import Context
from vaultkit.site.ui import say

KIND = "reading-list"


def reading_list(context: Context) -> list[str]:
    """A line of Markdown with a progress bar; [] for a list without items."""
    count = progress(context.vault.notes[context.page.note("en")])
    if not count.total:
        return []
    text = say(
        context.language,
        "progress",
        done=count.done,
        total=count.total,
        minutes_done=count.minutes_total - count.minutes_left,
        minutes=count.minutes_total,
    )
    bar = f'<progress max="{count.total}" value="{count.done}" aria-label="{text}"></progress>'
    return [f'<div class="k-progress" data-pagefind-ignore>{bar}<span>{text}</span></div>', ""]
