"""Guards that front matter read without a YAML parser is what the parser makes of it, places included."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit import frontmatter
from vaultkit.flat_yaml import NotFlat, read_flat
from vaultkit.scan import scan

KEYS = st.sampled_from(["a", "b-c", "Tags", "no", "d_1", "键", "e f", "null"])
VALUES = [
    "words", "two words", "yes", "No", "true", "True", "null", "y", "a/b-c", "键 值", "0", "12", "012", "1_0",
    "1:30", "2026-11-22", "2026-13-01", "0000-01-01", "1.5", "a: b", "a #b", "#a", "a,b", "'a'", '"a"',
    '"[[x]]"', '"a\\n"', '"', '"a" b', "[a, b/c]", "[]", "[a,b]", "[yes]", "[1]", "[[a]]", "{a: b}", "a  ",
    "  a", "a  b", "&a b", "*a", "|", "~", "a-", "-a", "a\tb", "é", "\u2028", "a\u0085b", '"\u2028"', '"😀"',
    '"\ud800"', "\ufeff", "<<", "=",
]  # fmt: skip
LINES = st.one_of(
    st.builds("{}: {}".format, KEYS, st.sampled_from(VALUES)),
    st.builds("{}:{}".format, KEYS, st.sampled_from(["", " ", "a", "  "])),
    st.builds("{}- {}".format, st.sampled_from(["", "", "  ", " "]), st.sampled_from(VALUES)),
    st.sampled_from(["", "-", "  - ", "# a", "a", " a: b", "---a", "..."]),
)


def is_what_yaml_reads(lines: list[str]) -> bool:
    """False if it is left to YAML anyway."""
    try:
        properties, texts = read_flat(lines)
    except NotFlat:
        return False
    whole = frontmatter._read_yaml("N.md", scan("\n".join(["---", *lines, "---"])), "\n".join(lines))
    assert not whole.problems
    assert repr(properties) == repr(whole.properties)
    assert texts == whole.texts
    return True


def test_every_value_is_what_yaml_reads() -> None:
    forms = [["a: {}"], ["a:", "- {}"], ["a:", "  - b c", "  - {}"], ["a: [b, {}]"], ["{}: b"],
             ["a:", "- b", "  - {}"], ["a:", " - b", "- {}"]]  # fmt: skip
    read = [[line.format(value) for line in form] for form in forms for value in VALUES]
    assert sum(map(is_what_yaml_reads, read)) > 50


@settings(max_examples=settings().max_examples * 3 // 5, deadline=None)
@given(st.lists(LINES, max_size=6))
def test_any_lines_are_what_yaml_reads(lines: list[str]) -> None:
    is_what_yaml_reads(lines)


def test_common_front_matter_needs_no_yaml() -> None:
    lines = [
        "aliases: [KV, key value]",
        "tags:",
        "  - a/b",
        "  - c",
        'up: "[[X|y]]"',
        "n: 3",
        "day: 2026-11-22",
    ]
    assert list(read_flat(lines)[0]) == ["aliases", "tags", "up", "n", "day"]
