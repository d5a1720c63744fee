"""Guards stop texts: however the text is cut, what comes out is the text before the stop that ends first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kvist.decode.stop import StopMatcher


@settings(deadline=None)
@given(
    st.lists(st.text("ab", max_size=4), max_size=8),
    st.lists(st.text("ab", min_size=1, max_size=4), max_size=3),
)
def test_any_cutting_gives_the_text_before_the_stop(pieces: list[str], stop: list[str]) -> None:
    matcher, out = StopMatcher(tuple(stop)), ""
    for piece in pieces:
        out += matcher.add(piece)
    out += matcher.flush()
    text = "".join(pieces)
    found = [(text.find(s) + len(s), text.find(s)) for s in stop if s in text]
    assert matcher.stopped == bool(found)
    assert out == (text[: min(found)[1]] if found else text)


def test_holds_back_no_more_than_needed() -> None:
    matcher = StopMatcher(("\n\nQ:",))
    assert [matcher.add(piece) for piece in ["one\n", "\n", "two\n\nQ", "x"]] == [
        "one",
        "",
        "\n\ntwo",
        "\n\nQx",
    ]
    assert (matcher.add("end\n\nQ: no"), matcher.add("more"), matcher.flush()) == ("end", "", "")
