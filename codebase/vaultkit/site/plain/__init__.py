"""From Obsidian's blocks to Markdown that Python-Markdown reads as the same blocks.

A note is parsed as CommonMark and GFM (what Obsidian shows), and every block is written anew in the one form
that Python-Markdown cannot misread; a block that has no such form is written as HTML with Markdown inside.
"""
