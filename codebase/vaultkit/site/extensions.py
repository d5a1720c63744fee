"""Python-Markdown's extensions that staged pages are written for: those of mkdocs.yml."""

from typing import Any

import pymdownx.slugs
import pymdownx.superfences

MARKDOWN: dict[str, dict[str, Any]] = {
    "abbr": {},
    "attr_list": {},
    "def_list": {},
    "footnotes": {},
    "md_in_html": {},
    "tables": {},
    "toc": {
        "permalink": True,
        "toc_depth": 3,
        "slugify": pymdownx.slugs.slugify(case="lower"),
    },
    "pymdownx.arithmatex": {"generic": True},
    "pymdownx.betterem": {},
    "pymdownx.details": {},
    "pymdownx.highlight": {"anchor_linenums": False, "pygments_lang_class": True},
    "pymdownx.inlinehilite": {},
    "pymdownx.mark": {},
    "pymdownx.quotes": {"callouts": True},
    "pymdownx.superfences": {
        "relaxed_headers": True,
        "custom_fences": [
            {
                "name": "mermaid",
                "class": "k-mermaid",
                "format": pymdownx.superfences.fence_code_format,
            }
        ],
    },
    "pymdownx.tasklist": {"custom_checkbox": True},
    "pymdownx.tilde": {"subscript": False},
}
