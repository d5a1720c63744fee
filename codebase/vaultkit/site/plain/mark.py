"""Highlights, `==like this==`, as a rule of markdown-it's; they nest and may stand inside words."""

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline


def mark_plugin(parser: MarkdownIt) -> None:
    """Tokens `mark_open` and `mark_close` for each pair of `==` with no space inside its ends."""
    parser.inline.ruler.before("emphasis", "mark", _mark)


def _mark(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if (
        not source.startswith("==", start)
        or source.startswith("===", start)
        or source[start - 1 : start] == "="
    ):
        return False
    none_before: int = state.env.get("no_mark", {}).get(state.src, 0)
    if start < none_before:
        return False
    end = _closing(state, start + 2)
    if end < 0:
        if source.find("==", start + 2) < 0 or len(source) > 2000:
            state.env.setdefault("no_mark", {})[state.src] = state.posMax
        return False
    if not silent:
        state.push("mark_open", "mark", 1).markup = "=="
        limit, state.posMax, state.pos = state.posMax, end, start + 2
        state.md.inline.tokenize(state)
        state.posMax = limit
        state.push("mark_close", "mark", -1).markup = "=="
    state.pos = end + 2
    return True


def _closing(state: StateInline, start: int) -> int:
    """Index of the `==` that closes a highlight whose text begins at `start`, -1 if none does."""
    source, limit = state.src, state.posMax
    if start >= limit or source[start].isspace():
        return -1
    position, begin = state.pos, start
    state.pos = start
    end = -1
    while state.pos < limit:
        if source.startswith("==", state.pos) and state.pos > begin:
            if not source[state.pos - 1].isspace() and not source.startswith("===", state.pos):
                end = state.pos
                break
            state.pos += 2
            continue
        if source[state.pos] in "`\\[<":
            state.md.inline.skipToken(state)
        else:
            state.pos += 1
    state.pos = position
    return end if end + 2 <= limit else -1
