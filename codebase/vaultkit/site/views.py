"""A base's view as HTML on one line: a table, cards or a list, its groups, summaries and remarks."""

from typing import Any

from vaultkit.bases.query import Answer, Column, Row, Rows
from vaultkit.bases.values import Tag, is_empty
from vaultkit.canvas.draw import address, entities
from vaultkit.site.bilingual import in_language
from vaultkit.site.cells import cell, picture
from vaultkit.site.context import Context
from vaultkit.site.ui import STRINGS, say

_FITS = ("cover", "contain")


def view_html(context: Context, answer: Answer, *, name: str = "", url: str = "") -> str:
    """The whole view; `name` is said above it, as a link to `url` if there is one."""
    draw = {"cards": _cards, "list": _list}.get(answer.view.type, _table)
    name = in_language(name, context.language)
    said = f'<a href="{address(url)}">{entities(name)}</a>' if url else entities(name)
    title = f'<p class="k-base-name">{said}</p>' if name else ""
    remarks = "".join(f"<li>{_remark(remark)}</li>" for remark in answer.remarks)
    remarks = f'<ul class="k-base-remarks">{remarks}</ul>' if remarks else ""
    shown = sum(len(group.rows) for group in answer.groups)
    key = "base_count" if shown == answer.total else "base_limited"
    count = say(context.language, key, total=answer.total, shown=shown)
    body = draw(context, answer) if shown else ""
    return (f'<div class="k-base" data-unsearched>{title}{remarks}{body}'
            f'<p class="k-base-count">{entities(count)}</p></div>')  # fmt: skip


def label(context: Context, column: Column) -> str:
    """A column's name: what the base calls it, else the site's word for a property that it knows."""
    key = f"property_{column.id}"
    own = column.label != column.id.removeprefix("formula.").removeprefix("file.")
    return (
        in_language(column.label, context.language)
        if own or key not in STRINGS
        else say(context.language, key)
    )


def _value(context: Context, column: Column, value: Any) -> str:
    """A cell; for Chinese readers, the site's word for a value of its own properties."""
    if column.id.lower() == "tags" and isinstance(value, list):
        return cell(context, [Tag(f"#{str(tag).lstrip('#')}") for tag in value])
    key = f"{column.id}_{value}" if context.language == "zh" and isinstance(value, str) else ""
    return entities(say(context.language, key)) if key in STRINGS else cell(context, value)


def _remark(remark: str) -> str:
    """A remark, what stands between backticks as code."""
    parts = remark.split("`")
    return "".join(f"<code>{entities(p)}</code>" if n % 2 else entities(p) for n, p in enumerate(parts))


def _table(context: Context, answer: Answer) -> str:
    columns = answer.columns
    head = "".join(f'<th scope="col">{entities(label(context, column))}</th>' for column in columns)
    bodies = "".join(_body(context, answer, group) for group in answer.groups)
    table = f"<table><thead><tr>{head}</tr></thead>{bodies}</table>"
    name = entities(in_language(answer.view.name, context.language) or say(context.language, "base_table"))
    return f'<div class="k-base-scroll" tabindex="0" role="group" aria-label="{name}">{table}</div>'


def _body(context: Context, answer: Answer, group: Rows) -> str:
    title = _group_title(context, answer, group)
    span = len(answer.columns)
    rows = (
        f'<tr class="k-base-group"><th colspan="{span}" scope="rowgroup">{title}</th></tr>' if title else ""
    )
    for row in group.rows:
        pairs = zip(answer.columns, row.cells, strict=True)
        rows += "<tr>" + "".join(f"<td>{_value(context, column, v)}</td>" for column, v in pairs) + "</tr>"
    if group.summaries:
        cells = (_summary(context, group, column) for column in answer.columns)
        rows += '<tr class="k-base-summary">' + "".join(f"<td>{text}</td>" for text in cells) + "</tr>"
    return f"<tbody>{rows}</tbody>"


def _group_title(context: Context, answer: Answer, group: Rows) -> str:
    if answer.view.group is None:
        return ""
    column = Column(answer.view.group.property, "")
    empty = is_empty(group.key)
    shown = say(context.language, "base_no_value") if empty else _value(context, column, group.key)
    return f'{shown} <span class="k-base-size">{len(group.rows)}</span>'


def _summary(context: Context, group: Rows, column: Column) -> str:
    if column.id not in group.summaries:
        return ""
    name, value = group.summaries[column.id]
    return f'<span class="k-base-label">{entities(name)}</span> {cell(context, value) or "–"}'


def _cards(context: Context, answer: Answer) -> str:
    raw = answer.view.raw
    fit = raw.get("imageFit") if raw.get("imageFit") in _FITS else "cover"
    size = raw.get("cardSize")
    width = f"--card:{int(size)}px;" if isinstance(size, (int, float)) and 50 <= size <= 1000 else ""
    ratio = raw.get("imageAspectRatio")
    width += f"--ratio:{1 / ratio:.3f};" if isinstance(ratio, (int, float)) and 0.05 <= ratio <= 20 else ""
    parts = []
    for group in answer.groups:
        title = _group_title(context, answer, group)
        parts.append(f'<p class="k-base-group">{title}</p>' if title else "")
        cards = "".join(_card(context, answer, row) for row in group.rows)
        parts.append(f'<ul class="k-base-cards k-fit-{fit}" style="{width}">{cards}</ul>')
        parts.append(_summaries(context, answer, group))
    return "".join(parts)


def _card(context: Context, answer: Answer, row: Row) -> str:
    cover = picture(context, row.cover, row.entry.basename) if row.cover is not None else ""
    first, *rest = [
        (column, cell(context, value)) for column, value in zip(answer.columns, row.cells, strict=True)
    ]
    lines = "".join(
        f'<p><span class="k-base-label">{entities(label(context, column))}</span> {shown}</p>'
        for column, shown in rest
        if shown
    )
    return f'<li>{cover}<p class="k-base-title">{first[1]}</p>{lines}</li>'


def _list(context: Context, answer: Answer) -> str:
    raw = answer.view.raw
    tag = "ol" if str(raw.get("markers", "")).startswith("number") else "ul"
    parts = []
    for group in answer.groups:
        title = _group_title(context, answer, group)
        items = []
        for row in group.rows:
            first, *rest = [cell(context, value) for value in row.cells]
            items.append(f"<li>{', '.join(part for part in [first, *rest] if part)}</li>")
        parts.append(f'<p class="k-base-group">{title}</p>' if title else "")
        parts.append(f"<{tag}>{''.join(items)}</{tag}>{_summaries(context, answer, group)}")
    return "".join(parts)


def _summaries(context: Context, answer: Answer, group: Rows) -> str:
    found = [(column, _summary(context, group, column)) for column in answer.columns]
    shown = " · ".join(f"{entities(label(context, column))}: {text}" for column, text in found if text)
    return f'<p class="k-base-count">{shown}</p>' if shown else ""
