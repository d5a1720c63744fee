"""The chart of a course: a cell for each topic, a row for each phase, coloured by mastery."""

from html import escape

from vaultkit.lists.mastery import LEVELS
from vaultkit.lists.standing import Standing, TopicStanding

CELL, GAP, LEFT = 44, 6, 8
STRENGTHS = (0.0, 0.15, 0.35, 0.65, 1.0)  # of the colour, by level; an open topic is an empty frame


def chart(standing: Standing) -> str:
    """An SVG that reads on light and dark pages; the same standing gives the same bytes."""
    rows = [standing.phase(phase) for phase in standing.course.phases]
    width = LEFT * 2 + max((len(row) for row in rows), default=1) * (CELL + GAP) - GAP
    height = LEFT * 2 + max(len(rows), 1) * (CELL + GAP) - GAP
    done = sum(topic.done for topic in standing.topics)
    cells = [_cell(topic, x, y) for y, row in enumerate(rows) for x, topic in enumerate(row)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img">',
            f"<title>{done} / {len(standing.topics)}</title>",
            *cells,
            "</svg>\n",
        ]
    )


def _cell(topic: TopicStanding, column: int, row: int) -> str:
    x, y = LEFT + column * (CELL + GAP), LEFT + row * (CELL + GAP)
    level = LEVELS.index(topic.level)
    strength = STRENGTHS[max(level, 1 if topic.done else 0)]
    text = "#ffffff" if strength > 0.5 else "#808080"
    stroke = "#1f7a4d" if topic.done else "#808080"
    width = 3 if topic.done else 1
    name = escape(topic.topic.number or str(column + 1))
    return (
        f"<g><title>{escape(topic.topic.item.title)}</title>"
        f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" '
        f'rx="8" fill="#2f7fb8" fill-opacity="{strength:g}" stroke="{stroke}" stroke-width="{width}"/>'
        f'<text x="{x + CELL / 2:g}" y="{y + CELL / 2 + 5:g}" font-family="sans-serif" font-size="14" '
        f'text-anchor="middle" fill="{text}">{name}</text></g>'
    )
