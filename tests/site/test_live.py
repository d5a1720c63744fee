"""Serving while the vault changes: after any edit the site is what a build from nothing makes of it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config

from vaultkit.site.build import INDEX, Report
from vaultkit.site.live import session as live
from vaultkit.site.live.session import Session
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.publish import publish
from vaultkit.site.stage import stage_all

SEARCH = f"{INDEX}/"


def from_nothing(layout: Layout, copy: Path) -> Layout:
    """The site of a copy of the vault, built without caches but for formulas; no search index."""
    fresh = Layout(copy)
    copy.mkdir()
    shutil.copytree(layout.vault, copy / "vault")
    for file in (layout.vault).rglob("*"):  # a copy keeps times: bases show them
        shutil.copystat(file, copy / "vault" / file.relative_to(layout.vault))
    for name in ("mkdocs.yml", "mkdocs.zh.yml", "pyproject.toml"):
        shutil.copyfile(layout.root / name, copy / name)
    for name in ("codebase", "node_modules"):
        (copy / name).symlink_to(layout.root / name)
    fresh.math.parent.mkdir(parents=True)
    fresh.math.symlink_to(layout.math.resolve())
    build_pages(fresh)
    return fresh


def build_pages(layout: Layout) -> None:
    """What a build does, in this process and without a search index."""
    stage_all(layout, LANGUAGES)
    for language in LANGUAGES:
        mkdocs_build(load_config(str(layout.config(language)), site_dir=str(layout.html(language))))
    publish(layout.html("en"), layout.site, keep=("zh",))
    publish(layout.html("zh"), layout.site / "zh")


def content(layout: Layout) -> dict[str, bytes]:
    files = {f.relative_to(layout.site).as_posix(): f for f in layout.site.rglob("*") if f.is_file()}
    return {path: f.read_bytes() for path, f in files.items() if SEARCH not in path}


def differences(layout: Layout, copy: Path) -> list[str]:
    ours, theirs = content(layout), content(from_nothing(layout, copy))
    return sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))


@pytest.fixture
def session(project: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session on the sample project that is ready for changes."""
    monkeypatch.setenv("KVIST_STAGED", "1")

    def whole(layout: Layout, *, mode: str, staging: Callable[..., object]) -> Report:
        staging(layout, LANGUAGES)
        build_pages(layout)
        return Report(True, True)

    monkeypatch.setattr(live, "build", whole)
    running = Session(project)
    assert running.build().ok
    running.get_ready()
    yield running


def update(session: Session) -> list[str]:
    done = session.update()
    assert not done.again and not done.stopped, done.problems
    return done.written
