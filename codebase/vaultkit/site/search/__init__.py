"""The search index: words and their places, in small files that a browser fetches as it needs them."""
