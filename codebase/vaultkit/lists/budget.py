"""What fits into the time at hand."""

from vaultkit.lists.reading import Choice


def fill(choices: list[Choice], minutes: int) -> list[Choice]:
    """Items of `choices`, in their order, that together take no more than `minutes`.

    An item that does not say how long it takes is left out: it cannot be promised to fit.
    """
    chosen = []
    for choice in choices:
        needed = choice.entry.item.minutes
        if needed is not None and needed <= minutes:
            chosen.append(choice)
            minutes -= needed
    return chosen
