"""`python -m vaultkit.site.search FOLDER [--follow]`: index one language's half of a built site.

With `--follow`, wait for lines of JSON, each a list of URLs of pages that may have changed, index them, and
answer each with the list of those that had; the first time all pages are indexed.
"""

import gc
import json
import sys
from pathlib import Path

from vaultkit.site.search.site import SiteIndex


def follow(index: SiteIndex) -> None:
    """Answer requests until there are no more."""
    every = True
    for line in sys.stdin:
        changed = index.refresh(None if every else json.loads(line))
        every = False
        print(json.dumps(changed, ensure_ascii=True), flush=True)


if __name__ == "__main__":
    gc.disable()  # nothing here goes round, and looking for it costs a tenth
    if "--follow" in sys.argv[2:]:
        follow(SiteIndex(Path(sys.argv[1])))
    else:
        SiteIndex(Path(sys.argv[1])).refresh()
