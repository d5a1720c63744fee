"""Figures of the notes: deterministic SVG in one style, readable on a light and on a dark page.

A figure is written as `<name>.svg` into the folder of the environment variable KVIST_FIGURES, by default
`vault/attachments` under the current folder, or the current folder itself when there is no vault. The same
data gives the same bytes; a comment in the file holds the hash of what was plotted, so that a check can
compare the data instead of the drawing. Labels are short English or symbols, because both languages embed the
same file.
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kvist.errors import KvistError

INK = "#7d7d7d"  # axes and text: contrast of about 4 with white and with the dark theme
COLORS = ("#3b82c4", "#c8641b", "#2e8b6f", "#a463b8", "#8f7a1f", INK)
_STYLES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P")
_METADATA = ("Creator", "Date", "Format", "Type")  # left out: dates and versions are not data
_RC: Any = {
    "svg.fonttype": "none",  # text stays text: it can be searched and takes the page's font
    "svg.hashsalt": "kvist",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 2,
    "lines.markersize": 5,
}

Series = Sequence[float] | tuple[Sequence[float], Sequence[float]]
Tree = tuple[str, str, float, Sequence[Any]]  # label, kind, length, children
_Block = tuple[str, str, float, float, int, int]  # label, kind, start, length, first row, number of rows


def line(
    name: str,
    series: Mapping[str, Series],
    *,
    x_label: str,
    y_label: str,
    title: str = "",
    x_log: bool = False,
    y_log: bool = False,
) -> str:
    """One curve per entry of `series`: y values (x is then 0, 1, 2, …) or a pair (x values, y values).

    Returns the file name, `<name>.svg`. Raises KvistError on an empty or ragged series or an unusable name.
    """
    if not series:
        raise KvistError("figures.line", "at least one series", "none")
    curves = {label: _curve(values) for label, values in series.items()}
    with matplotlib.rc_context(_RC):
        figure, axes = _axes(x_label, y_label, title)
        looks = zip(cycle(COLORS), cycle(_STYLES), cycle(_MARKERS), strict=False)
        for (label, (x, y)), (color, style, marker) in zip(curves.items(), looks, strict=False):
            axes.plot(x, y, style, color=color, label=label, marker=marker if len(x) <= 24 else "")
        if x_log:
            axes.set_xscale("log")
        elif all(np.array_equal(x, np.round(x)) for x, _ in curves.values()):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if y_log:
            axes.set_yscale("log")
        axes.grid(axis="both" if x_log else "y")
        if len(curves) > 1:
            axes.legend()
        return _write(name, figure, ["line", curves, x_label, y_label, title, x_log, y_log])


def bars(
    name: str,
    values: Mapping[str, float | Mapping[str, float]],
    *,
    x_label: str = "",
    y_label: str,
    title: str = "",
    y_log: bool = False,
    value_format: str = "{:,g}",
) -> str:
    """One bar per entry; where the entries are mappings, a group of bars whose keys make the legend.

    Each bar carries its value, written with `value_format`. Returns the file name. Raises KvistError when
    groups differ in their keys.
    """
    if not values:
        raise KvistError("figures.bars", "at least one bar", "none")
    groups = {key: dict(v) if isinstance(v, Mapping) else {"": v} for key, v in values.items()}
    members = list(next(iter(groups.values())))
    if any(list(group) != members for group in groups.values()):
        raise KvistError("figures.bars", f"the same keys {members} in each group", f"{list(groups)}")
    width = 0.8 / len(members)
    with matplotlib.rc_context(_RC):
        figure, axes = _axes(x_label, y_label, title)
        for i, (member, color) in enumerate(zip(members, cycle(COLORS), strict=False)):
            x = np.arange(len(groups)) + (i - (len(members) - 1) / 2) * width
            drawn = axes.bar(x, [g[member] for g in groups.values()], width * 0.94, color=color, label=member)
            axes.bar_label(drawn, fmt=value_format.format, color=INK, padding=2)
        axes.set_xticks(range(len(groups)), list(groups))
        axes.tick_params(axis="x", length=0)
        if y_log:
            axes.set_yscale("log")
        axes.margins(y=0.12)
        if len(members) > 1:
            axes.legend()
        return _write(name, figure, ["bars", groups, x_label, y_label, title, y_log, value_format])


def tree(name: str, root: Tree, *, x_label: str, title: str = "") -> str:
    """A tree of runs, to scale. A node is (label, kind, length, children); length may be 0 for a root.

    Every leaf has a row of its own, and a node spans the rows of its leaves: what is drawn tall is shared.
    Equal kinds get one colour and a legend entry. Returns the file name.
    """
    blocks: list[_Block] = []
    rows = _place(root, 0.0, 0, blocks)
    span = max(start + length for _, _, start, length, _, _ in blocks)
    kinds = [kind for kind in dict.fromkeys(block[1] for block in blocks) if kind]
    colors = dict(zip(kinds, cycle(COLORS), strict=False)) | {"": INK}
    with matplotlib.rc_context(_RC):
        figure, axes = _axes(x_label, "", title)
        figure.set_size_inches(6.4, 1.3 + 0.4 * rows)
        for label, kind, start, length, first_row, num_rows in blocks:
            place = (start, first_row + 0.06), length, num_rows - 0.12
            axes.add_patch(
                Rectangle(*place, facecolor=(colors[kind], 0.15), edgecolor=colors[kind], linewidth=1.5)
            )
            axes.text(start + length / 2, first_row + num_rows / 2, label, va="center", ha="center")
        handles = [Rectangle((0, 0), 1, 1, facecolor=(colors[k], 0.15), edgecolor=colors[k]) for k in kinds]
        figure.legend(handles, kinds, loc="outside lower center", ncols=max(1, len(kinds)))
        axes.set_xlim(0, span)
        axes.set_ylim(rows, 0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        return _write(name, figure, ["tree", root, x_label, title])


def _place(node: Tree, start: float, row: int, blocks: list[_Block]) -> int:
    """Append the blocks of `node`, whose first leaf is on `row`, and of all below; return its rows."""
    label, kind, length, children = node
    here = len(blocks)
    rows = 0
    for child in children:
        rows += _place(child, start + length, row + rows, blocks)
    if length:
        blocks.insert(here, (label, kind, start, length, row, max(rows, 1)))
    return max(rows, 1)


def _axes(x_label: str, y_label: str, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_title(title)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))  # a log scale sets its own
    return figure, axes


def _curve(values: Series) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(values, tuple):
        x, y = (np.asarray(v, dtype=float) for v in values)
    else:
        y = np.asarray(values, dtype=float)
        x = np.arange(y.size, dtype=float)
    if x.ndim != 1 or x.shape != y.shape or not x.size:
        raise KvistError("figures.line", "as many x as y values, at least one", f"{x.shape} and {y.shape}")
    return x, y


def _write(name: str, figure: Figure, data: list[Any]) -> str:
    if not re.fullmatch(r"[\w-]+", name):
        raise KvistError("figures", "a name of letters, digits, - and _", repr(name))
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata=dict.fromkeys(_METADATA))
    digest = hashlib.sha256(json.dumps(_rounded(data), sort_keys=True).encode()).hexdigest()
    drawing = text.getvalue()
    drawing = drawing[drawing.index("<svg ") :]  # without the document type, which names another host
    rows = [f"<!-- kvist-data: {digest} -->", *(row.rstrip() for row in drawing.splitlines())]
    (_folder() / f"{name}.svg").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return f"{name}.svg"


def _folder() -> Path:
    chosen = os.environ.get("KVIST_FIGURES")
    if chosen:
        Path(chosen).mkdir(parents=True, exist_ok=True)
        return Path(chosen)
    vault = Path("vault/attachments")
    return vault if vault.is_dir() else Path()


def _rounded(data: Any) -> Any:
    """The data with numbers cut to 4 digits: more cannot be seen, and would differ between machines."""
    if isinstance(data, str | bool) or data is None:
        return data
    if isinstance(data, Mapping):
        return [[str(key), _rounded(value)] for key, value in data.items()]
    if isinstance(data, Sequence | np.ndarray):
        return [_rounded(value) for value in data]
    return f"{float(data):.4g}"
