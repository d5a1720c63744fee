"""What the built site offers besides its pages: Markdown, llms.txt, feeds, sitemaps, cards; one a file."""
