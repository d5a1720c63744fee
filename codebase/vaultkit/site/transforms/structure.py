"""Make Python-Markdown see the blocks that CommonMark (and so Obsidian) sees: see `vaultkit.site.plain`."""

from vaultkit.site.plain.write import to_plain


def structure(text: str, *, strict_breaks: bool = True, hosts: bool = False) -> str:
    """`text` written so that Python-Markdown, with the site's extensions, reads CommonMark's blocks."""
    return to_plain(text, strict_breaks=strict_breaks, hosts=hosts)
