"""Guards the figures: same data, same bytes; the data hash; colours that can be read on white and on dark."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from kvist import figures
from kvist.errors import KvistError

PAGES = ("#ffffff", "#1e1e1e", "#1e2129")  # a light page, Obsidian's dark theme, the site's dark theme


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KVIST_FIGURES", str(tmp_path))
    return tmp_path


def draw_line(name: str = "curve", last: float = 3.0) -> str:
    return figures.line(name, {"a": [1, 2, last], "b": ([0, 2], [4, 1])}, x_label="x", y_label="y")


def data_hash(svg: Path) -> str:
    found = re.match(r"<!-- kvist-data: ([0-9a-f]{64}) -->\n<svg ", svg.read_text())
    assert found
    return found[1]


def test_same_data_same_bytes(folder: Path) -> None:
    assert draw_line() == "curve.svg"
    first = (folder / "curve.svg").read_bytes()
    draw_line()
    assert (folder / "curve.svg").read_bytes() == first


def test_hash_follows_the_data_and_not_the_last_digits(folder: Path) -> None:
    draw_line("a")
    draw_line("b", last=3.0 * (1 + 1e-6))
    draw_line("c", last=3.1)
    assert data_hash(folder / "a.svg") == data_hash(folder / "b.svg") != data_hash(folder / "c.svg")


def test_every_kind_is_valid_transparent_svg_with_text(folder: Path) -> None:
    tree = (
        "",
        "",
        0,
        [("10", "shared", 10, [("5", "single", 5, []), ("3", "single", 3, [])]), ("4", "single", 4, [])],
    )
    names = [
        draw_line(),
        figures.bars("flat", {"MHA": 512, "MLA": 9.5}, y_label="bytes"),
        figures.bars("groups", {"A": {"x": 1, "y": 2}, "B": {"x": 3, "y": 4}}, y_label="n", y_log=True),
        figures.tree("tree", tree, x_label="position"),
    ]
    for name in names:
        text = (folder / name).read_text()
        ET.fromstring(text)
        assert "<text" in text
        assert "fill: #ffffff" not in text
        assert not re.search(r"(?:href|src|url\()=?[\"']?https?:", text)
    assert ">50,000<" in (folder / figures.bars("thousands", {"a": 2e5}, y_label="")).read_text()
    assert ">512<" in (folder / "flat.svg").read_text()
    assert ">shared<" in (folder / "tree.svg").read_text()


def luminance(color: str) -> float:
    """WCAG 2 relative luminance."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", PAGES)
def test_colors_stand_out_on_every_page(page: str) -> None:
    assert contrast(figures.INK, page) > 3.9
    assert min(contrast(color, page) for color in figures.COLORS) > 3.0


def test_default_folder_is_the_vault_or_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KVIST_FIGURES")
    monkeypatch.chdir(tmp_path)
    draw_line()
    assert (tmp_path / "curve.svg").exists()
    (tmp_path / "vault/attachments").mkdir(parents=True)
    draw_line()
    assert (tmp_path / "vault/attachments/curve.svg").exists()


def test_refusals() -> None:
    with pytest.raises(KvistError, match="letters, digits"):
        draw_line("../curve")
    with pytest.raises(KvistError, match="as many x as y"):
        figures.line("x", {"a": ([1, 2], [1])}, x_label="", y_label="")
    with pytest.raises(KvistError, match="same keys"):
        figures.bars("x", {"A": {"x": 1}, "B": {"y": 1}}, y_label="")
    for draw in (
        lambda: figures.line("x", {}, x_label="", y_label=""),
        lambda: figures.bars("x", {}, y_label=""),
    ):
        with pytest.raises(KvistError, match="at least one"):
            draw()
