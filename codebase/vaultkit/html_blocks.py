"""Which lines begin a block of HTML, as CommonMark has it: there Obsidian reads no Markdown."""

import re

from vaultkit.inline import TAG

RAW_HTML = re.compile(r"<(pre|script|style|textarea)(?=[\s>]|$)", re.IGNORECASE)
_HTML_BLOCK = re.compile(
    r"</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog"
    r"|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe"
    r"|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table"
    r"|tbody|td|tfoot|th|thead|title|tr|track|ul)(?=[ \t]|/?>|$)",
    re.IGNORECASE,
)
# Not so an address in angle brackets. CommonMark 0.31, 4.6, excepts four names, in closing tags too.
_TAG_NAME = re.compile(
    r"</?(?!(?:pre|script|style|textarea)[\s/>])[a-zA-Z][a-zA-Z0-9-]*(?=[\s/>])", re.IGNORECASE
)


def opens_html(content: str, *, in_paragraph: bool) -> bool:
    """True for the first line (without its container's marks) of a block of HTML that a blank line ends."""
    if _HTML_BLOCK.match(content):
        return True
    tag = TAG.match(content) if not in_paragraph and _TAG_NAME.match(content) else None
    return tag is not None and not content[tag.end() :].strip()
