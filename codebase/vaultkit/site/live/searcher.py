"""The search index of one language while its pages change: a process that knows it, asked now and then."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable

from vaultkit.site.build import environment, index
from vaultkit.site.paths import Language, Layout


class Searcher:
    """Starts at the first request, which takes as long as indexing all pages does. For one thread."""

    def __init__(self, layout: Layout, language: Language) -> None:
        self.layout, self.language = layout, language
        self._process: subprocess.Popen[str] | None = None

    def refresh(self, urls: Iterable[str]) -> list[str]:
        """Bring the index of what is built of these pages up to date; complaints."""
        if self._asked(sorted(urls)):
            return []
        self.stop()
        return index(self.layout, self.language, gently=True)  # which says what is wrong

    def stop(self) -> None:
        process, self._process = self._process, None
        if process:
            assert process.stdin is not None and process.stdout is not None
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()

    def _asked(self, urls: list[str]) -> bool:
        """True if the process has answered."""
        try:
            if self._process is None:
                folder = str(self.layout.html(self.language))
                command = [sys.executable, "-m", "vaultkit.site.search", folder, "--follow"]
                if nice := shutil.which("nice"):
                    command = [nice, *command]
                pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
                self._process = subprocess.Popen(
                    command,
                    cwd=self.layout.root,
                    env=environment(),
                    stdin=pipe,
                    stdout=pipe,
                    stderr=nowhere,
                    text=True,
                    encoding="utf-8",
                )
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(urls) + "\n")
            self._process.stdin.flush()
            return bool(self._process.stdout.readline())
        except (OSError, ValueError):
            return False
