"""pytest plug-in: `pytest --markdown-docs vault/` runs notes by Kvist's rules.

Load it with `-p vaultkit.run.plugin`. pytest-markdown-docs gives the option and finds the files; notes are
read by our scanner, and their blocks are items of our own, as its parser is most of its cost. Node ids are
`vault/concepts/KV cache.md::block-3`, which survive lines inserted above.
"""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pytest_markdown_docs.plugin import MarkdownDocstringCodeModule, MarkdownTextFile

from vaultkit.files import templates_folder
from vaultkit.labs.notebook import is_notebook
from vaultkit.run.items import BlockItem, NoteFile, runs
from vaultkit.run.lab_items import LabFile, LabItem
from vaultkit.where import vault_of


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, list[Any], list[Any]]:
    """Notes and labs only: no docstrings of Python files, no templates."""
    collectors = yield
    if not parent.config.option.markdowndocs:
        return collectors
    if is_notebook(file_path.name):
        return [*collectors, LabFile.from_parent(parent, path=file_path)]
    kept = [c for c in collectors if not isinstance(c, MarkdownDocstringCodeModule | MarkdownTextFile)]
    if file_path.suffix == ".md" and not _is_template(file_path):
        kept.append(NoteFile.from_parent(parent, path=file_path))
    return kept


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """A link to a folder that holds it would be followed round and round."""
    if not collection_path.is_symlink() or not collection_path.is_dir():
        return None
    return collection_path.parent.resolve().is_relative_to(collection_path.resolve()) or None


_templates: dict[str, str] = {}  # the folder of templates of the vault of each folder, "" if it has none


def _is_template(file: Path) -> bool:
    folder = str(file.parent)
    if folder not in _templates:
        root = vault_of(folder)
        name = templates_folder(root)
        _templates[folder] = str(Path(root, name)) if name else ""
    return bool(_templates[folder]) and file.resolve().is_relative_to(_templates[folder])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Of each note, the blocks that were selected; a worker does not know which of them it will get."""
    runs.observing = all(isinstance(item, BlockItem | LabItem) for item in session.items)
    alone = not hasattr(session.config, "workerinput")
    last: dict[Path, int] = {}
    for item in session.items:
        if isinstance(item, BlockItem):
            last[item.path] = max(item.number, last.get(item.path, 0))
    for item in session.items:
        if isinstance(item, BlockItem) and alone:
            item.last = last[item.path]
    if runs.observing and "hypothesis" not in sys.modules:
        # With no property tested it has nothing to say, and importing itself to find out takes it a second.
        session.config.pluginmanager.unregister(name="hypothesispytest")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """The blocks of a note run in one go: each is said to have taken what it took."""
    report = yield
    if isinstance(item, BlockItem) and call.when == "call" and item.seconds is not None:
        report.duration = item.seconds
    return report


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if isinstance(item, BlockItem) and (nextitem is None or nextitem.path != item.path):
        runs.over(item.path)


def pytest_sessionfinish() -> None:
    runs.finish()
