"""Code written as HTML, `<pre><code class="language-python">`, which pages show and nothing runs."""

import re

from vaultkit.fences import PYTHON, PYTHON_LIKE
from vaultkit.lines import NOT_PROSE, Scan

_OPEN = re.compile(r"<pre\b[^>]*>\s*<code\b[^>]*\bclass\s*=\s*[\"'](?P<classes>[^\"']*)[\"']", re.IGNORECASE)


def html_python(scan: Scan) -> list[int]:
    """Lines where an HTML block of Python starts; what stands in a comment or in a code span is none."""
    found: list[int] = []
    if "<pre" not in "\n".join(scan.lines).lower():
        return found
    for number, kind in enumerate(scan.kinds, 1):
        line = scan.lines[number - 1]
        if kind not in ("html", "text") or "<pre" not in line.lower():
            continue
        text = scan.visible(number, NOT_PROSE) if kind == "text" else line
        if text.rstrip().endswith(">") and number < len(scan.lines):
            text += "\n" + scan.lines[number].lstrip(" \t>")
        for match in _OPEN.finditer(text):
            names = (name.lower().removeprefix("language-") for name in match["classes"].split()
                     if name.lower().startswith("language-"))  # fmt: skip
            if any(name in PYTHON or name in PYTHON_LIKE for name in names):
                found.append(number)
    return found
