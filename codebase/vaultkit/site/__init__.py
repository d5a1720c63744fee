"""The site: a pure pipeline from Obsidian Markdown to plain Markdown, then an ordinary MkDocs build.

`stage` writes one tree of plain Markdown per language and knows no MkDocs; `hook` is the thin bridge to it;
`build` and `serve` drive both. Nothing here imports the engine; only building processes import MkDocs.
"""
