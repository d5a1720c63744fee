"""The page of cards (`kind: review`): all cards of the vault, folded; the browser asks those that are due."""

from vaultkit.pairs import canonical
from vaultkit.review.cards import Card, cards
from vaultkit.site.context import Context
from vaultkit.site.pages.parts import page_link, prose
from vaultkit.site.ui import say

KIND = "review"


def review(context: Context) -> list[str]:
    """Lines of Markdown: a place for the quiz, then the cards by note."""
    lines = [] if context.sitemap.plain else ['<div class="k-review" hidden></div>', ""]
    shown = ""
    for card in cards(context.vault, context.language):
        page = context.sitemap.page_of(canonical(card.path))
        if page is None:
            continue
        if page.key != shown:
            lines += [f"## {page_link(context, page)}", ""]
            shown = page.key
        lines += _card(card)
    if not shown:
        lines.append(say(context.language, "no_cards"))
    return lines


def _card(card: Card) -> list[str]:
    question, answer = (prose(" ".join(text.split())) for text in (card.question, card.answer))
    return [
        f'<details class="card k-flash" data-k-card="{card.id}" markdown="1">',
        f'<summary markdown="span">{question}</summary>',
        "",
        answer,
        "",
        "</details>",
        "",
    ]
