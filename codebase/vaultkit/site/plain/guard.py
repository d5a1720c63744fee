"""Lines of a paragraph that Python-Markdown would take for the start of another block."""

import re

_MISREAD = re.compile(
    r"""\#                              # a heading
    | [-*+][ \t] | \d+[.)](?:[ \t]|$)   # a list
    | [=-]+[ ]*$                        # an underlined heading
    | (?:[-_*][ ]*){3,}$                # a rule
    | >                                 # a quote
    | `{3,} | ~{3,}                     # a fence
    | [|: -]*-[|: -]*$                  # the second line of a table
    | :[ ]                              # a definition
    | \*?\[[^\]]*\][ ]?:                # an abbreviation, a footnote, the address of a link
    | !!![ ] | \?\?\?                   # an admonition
    | ===                               # a tab
    | \\[\[(] | \\begin | \$\$""",
    re.VERBOSE,
)
_NAMES = (
    "address article aside blockquote body canvas center colgroup dd details div dl dt fieldset figcaption "
    "figure footer form group h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe legend li link main map "
    "math menu meta nav noscript object ol option output p pre progress script search section style summary "
    "table tbody td template textarea tfoot th thead title tr ul video"
)
_BLOCKS = frozenset(_NAMES.split())
_BLOCK_TAG = re.compile(r"</?([A-Za-z][\w-]*)")


def guard(text: str) -> str:
    """The paragraph with the first character of such lines written as an entity."""
    return "\n".join(guard_line(line) for line in text.split("\n"))


def guard_line(line: str) -> str:
    line = line.lstrip(" \t")
    if _MISREAD.match(line):
        return f"&#{ord(line[0])};{line[1:]}"
    tag = _BLOCK_TAG.match(line)
    return f"<span></span>{line}" if tag and tag[1].lower() in _BLOCKS else line
