"""Staged Markdown to the HTML of a page: what MkDocs does for one page, done with what pages share kept."""
