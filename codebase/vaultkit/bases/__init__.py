"""Obsidian Bases: `.base` files and `base` code blocks read, their expressions evaluated, views answered."""
