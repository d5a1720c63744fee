"""`python -m vaultkit.site.render CONFIG FOLDER --strict|--no-strict`: what `mkdocs build` does, with less.

The notebook plug-in, which takes most of a second to load, is left out when there is no notebook.
"""

import logging
import sys
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, ConfigurationError

from vaultkit.site.paths import Layout


def render(config_file: Path, folder: str, *, strict: bool) -> int:
    """Build one language's half into `folder`; exit status. Complaints go to the standard error."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(levelname)-8s-  %(message)s"))
    logging.getLogger("mkdocs").addHandler(handler)
    logging.getLogger("mkdocs").propagate = False
    layout = Layout(config_file.parent)
    stage = layout.stage("en" if config_file == layout.config("en") else "zh")
    without: dict[str, Any] = {} if any(stage.rglob("*.ipynb")) else {"plugins": []}
    try:
        config = load_config(str(config_file), site_dir=folder, strict=strict, **without)
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
    except (Abort, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(render(Path(sys.argv[1]), sys.argv[2], strict=sys.argv[3] == "--strict"))
