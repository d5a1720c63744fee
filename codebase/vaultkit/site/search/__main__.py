"""`python -m vaultkit.site.search FOLDER`: index one language's half of a built site."""

import gc
import sys
from pathlib import Path

from vaultkit.site.search.site import SiteIndex

if __name__ == "__main__":
    gc.disable()  # nothing here goes round, and looking for it costs a tenth
    SiteIndex(Path(sys.argv[1])).refresh()
