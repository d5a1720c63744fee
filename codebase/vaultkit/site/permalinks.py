"""An address of its own for each code block of a finished page, which stays when other text moves.

The address is made of the code alone, so a block has the same one in both languages.
"""

import hashlib
import html
import re

_BLOCK = re.compile(
    r'<div class="(?P<classes>[^"]*\bhighlight\b[^"]*)">(?P<top>.*?<code[^>]*>)(?P<code>.*?)</code></pre>',
    re.DOTALL,
)
_TAG = re.compile(r"<[^>]*>")
_NONE = ("no-copy", "k-lines", "k-signature")  # what a block printed, whole sources, signatures


def name_blocks(text: str) -> str:
    """`text` (HTML) with an id `code-` and eight hexadecimal digits on each block of code."""
    seen: dict[str, int] = {}

    def put(found: re.Match[str]) -> str:
        if any(name in found["classes"] for name in _NONE):
            return found[0]
        code = html.unescape(_TAG.sub("", found["code"]))
        name = "code-" + hashlib.sha256(code.strip("\n").encode("utf-8", "replace")).hexdigest()[:8]
        seen[name] = seen.get(name, 0) + 1
        own = name if seen[name] == 1 else f"{name}-{seen[name]}"
        return f'<div id="{own}" {found[0].removeprefix("<div ")}'

    return _BLOCK.sub(put, text) if "highlight" in text else text
