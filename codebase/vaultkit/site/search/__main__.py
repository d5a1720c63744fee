"""`python -m vaultkit.site.search FOLDER`: index one language's half of a built site."""

import sys
from pathlib import Path

from vaultkit.site.search.site import SiteIndex

if __name__ == "__main__":
    SiteIndex(Path(sys.argv[1])).refresh()
