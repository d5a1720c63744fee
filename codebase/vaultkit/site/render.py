"""`python -m vaultkit.site.render --strict|--no-strict CONFIG FOLDER [CONFIG FOLDER]`: what `mkdocs build`
does, with less, for each language; side by side, once all that is needed has been loaded.

The notebook plug-in, which takes most of a second to load, is left out when there is no notebook.
"""

import gc
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, ConfigurationError

from vaultkit.site import hook  # noqa: F401  # MkDocs reads it again, but not what it imports
from vaultkit.site.html.code import colour_shared
from vaultkit.site.paths import Layout


def render(config_file: Path, folder: str, *, strict: bool) -> int:
    """Build one language's half into `folder`; exit status. Complaints go to the standard error."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(levelname)-8s-  %(message)s"))
    logging.getLogger("mkdocs").addHandler(handler)
    logging.getLogger("mkdocs").propagate = False
    without: dict[str, Any] = {} if any(_stage(config_file).rglob("*.ipynb")) else {"plugins": []}
    try:
        config = load_config(str(config_file), site_dir=folder, strict=strict, **without)
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
    except (Abort, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _stage(config_file: Path) -> Path:
    """The staged tree of a configuration."""
    layout = Layout(config_file.parent)
    return layout.stage("en" if config_file == layout.config("en") else "zh")


def render_all(halves: list[tuple[Path, str]], *, strict: bool) -> int:
    """Each half in a process of its own; what they say comes in their order. Exit status of the worst."""
    colour_shared(_stage(config) for config, _ in halves)
    gc.freeze()  # what is here now stays: do not look through it again and again
    gc.set_threshold(100_000, 50, 50)
    started = [(*_start(config, folder, strict=strict), config) for config, folder in halves]
    worst = 0
    for process, said, config in started:
        _, status = os.waitpid(process, 0)
        code = os.waitstatus_to_exitcode(status)
        said.seek(0)
        os.write(2, said.read())
        said.close()
        if code < 0:
            print(f"ERROR    -  {config.name}: ended by signal {-code}", file=sys.stderr)
        worst = max(worst, abs(code))
    return worst


def _start(config: Path, folder: str, *, strict: bool) -> tuple[int, Any]:
    """Its process, and the file of what it says."""
    said = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the one who reads it
    process = os.fork()
    if process:
        return process, said
    code = 1
    try:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        code = render(config, folder, strict=strict)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(code)


def main(flag: str, *pairs: str) -> int:
    halves = [(Path(config), folder) for config, folder in zip(pairs[::2], pairs[1::2], strict=True)]
    strict = flag == "--strict"
    if hasattr(os, "fork") and len(halves) > 1:
        return render_all(halves, strict=strict)
    return max(render(config, folder, strict=strict) for config, folder in halves)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
