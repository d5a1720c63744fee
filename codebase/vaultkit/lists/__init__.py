"""Reading lists: ordered task items in Markdown notes whose ticks live in the file."""
