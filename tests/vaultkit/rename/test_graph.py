"""Guards that a rename keeps the graph: random small vaults, each link leads where it led, up to the name."""

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vaultkit.errors import VaultError
from vaultkit.note import parse_note
from vaultkit.rename.moves import moves
from vaultkit.rename.texts import Renaming, rewrite_note
from vaultkit.resolve import resolve
from vaultkit.rewrite import encoded
from vaultkit.vault import Vault

NAMES = ["Note", "note b", "v1.5", "A (1", "Bob's", "键值", "Note.zh", "b", "100%25"]
FOLDERS = ["", "a/", "b/", "a/b/", "ab/", "Long name/"]
PATHS = st.builds(lambda f, n, e: f"{f}{n}{e}", st.sampled_from(FOLDERS), st.sampled_from(NAMES),
                  st.sampled_from([".md", ".md", ".md", ".png"]))  # fmt: skip
TARGETS = st.builds(
    lambda dots, folder, name, end: f"{dots}{folder}{name}{end}",
    st.sampled_from(["", "", "", "./", "../", "/"]),
    st.sampled_from(["", "", *FOLDERS]),
    st.sampled_from(NAMES),
    st.sampled_from(["", "", ".md", ".png"]),
)
LINKS = st.one_of(
    st.builds("[[{}{}{}]]".format, TARGETS, st.sampled_from(["", "#H", "#^b"]), st.sampled_from(["", "|x"])),
    st.builds("![[{}]]".format, TARGETS),
    st.builds(lambda t, s: f"[t]({encoded(t)}{s})", TARGETS, st.sampled_from(["", "#H", ' "T"'])),
    st.builds("[a\nb](<{}>)".format, TARGETS.filter(lambda t: "%" not in t)),
)
QUOTES = st.sampled_from(["'{}'", '"{}"'])
TEXTS = st.builds(
    lambda prop, links, end: f"{prop}{end}{f'{end}'.join(link.replace(chr(10), end) for link in links)}",
    st.one_of(
        st.just(""),
        st.builds("---\nup: '[[{}]]'\n---".format, TARGETS.map(lambda t: t.replace("'", "''"))),
        st.builds('---\nup:\n- "[[{}]]"\n---'.format, TARGETS),
    ),
    st.lists(LINKS, max_size=5),
    st.sampled_from(["\n", "\r\n"]),
)
VAULTS = st.dictionaries(PATHS, TEXTS, min_size=2, max_size=8)


def graph(vault: Vault) -> dict[str, list[tuple[str, str, str, str | None]]]:
    return {
        path: [(ln.kind, ln.subpath, ln.display, resolve(vault, ln.target, path).path) for ln in note.links]
        for path, note in vault.notes.items()
    }


def in_memory(texts: dict[str, str]) -> Vault:
    notes = {path: parse_note(path, text) for path, text in texts.items() if path.endswith(".md")}
    return Vault(Path("/nowhere"), notes, set(texts))


def check(files: dict[str, str], data: st.DataObject, style: str) -> None:
    before = in_memory(files)
    old = data.draw(st.sampled_from(sorted(files)))
    new = data.draw(PATHS.map(lambda path: "/" + path.rsplit(".", 1)[0]))
    try:
        moved = moves(before, old, new)
    except VaultError:
        assume(False)
    renaming = Renaming(before, in_memory({moved.get(path, path): "" for path in files}), moved, style)
    after = in_memory({
        moved.get(path, path): rewrite_note(before.notes[path], renaming) if path in before.notes else ""
        for path in files
    })  # fmt: skip
    got = graph(after)
    for path, links in graph(before).items():
        renamed = got[moved.get(path, path)]
        assert len(renamed) == len(links)
        for was, now in zip(links, renamed, strict=True):
            assert now[:3] == was[:3]
            if was[3] is None:
                assert now[3] is None or now[3] in moved.values()
            else:
                assert now[3] == moved.get(was[3], was[3])


@pytest.mark.parametrize("examples", [25, pytest.param(400, marks=pytest.mark.slow)])
def test_the_graph_is_the_same_up_to_the_rename(examples: int) -> None:
    styles = st.sampled_from(["shortest", "relative", "absolute"])
    settings(max_examples=examples, deadline=None)(given(VAULTS, st.data(), styles)(check))()
