"""The server's side of the process that builds: starts it, asks it, starts another when it must."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

from vaultkit.site.build import Report
from vaultkit.site.live.session import MODE, Update
from vaultkit.site.paths import Layout
from vaultkit.site.state import Mode


class Builder:
    """Builds the site and keeps it fresh; one call at a time."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._process: subprocess.Popen[str] | None = None

    def build(self, mode: Mode = MODE) -> Report:
        """A whole build, if anything changed since the last one."""
        return Report(**self._ask({"do": "build", "mode": mode}))

    def update(self) -> Update:
        """Bring what has changed to the site; where every page is another now, build it all again."""
        done = Update(**self._ask({"do": "update"}))
        if done.again:
            self.stop()
            report = self.build()
            return Update(True, report.problems, report.faults, not report.ok, [], report.seconds)
        return done

    def stop(self) -> None:
        process, self._process = self._process, None
        if process:
            assert process.stdin is not None and process.stdout is not None
            with suppress(OSError):  # what was asked of one that had ended is written once more, and fails
                process.stdin.close()
            with suppress(ProcessLookupError, PermissionError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGTERM)  # and what it has started
            process.wait()
            process.stdout.close()

    def _ask(self, request: dict[str, str]) -> dict[str, Any]:
        """The answer; a process that ended without one is replaced once."""
        for _ in range(2):
            answer = self._try(request)
            if answer:
                found: dict[str, Any] = json.loads(answer)
                return found
            self.stop()
        line = "[serve] need a process that builds, got one that ended. hint: run `vaultkit build`"
        if request["do"] == "build":
            return vars(Report(False, False, problems=[line], faults=[line]))
        return vars(Update(problems=[line], faults=[line], stopped=True))

    def _try(self, request: dict[str, str]) -> str:
        if self._process is None:
            if request["do"] == "update":  # a new process has nothing to bring up to date
                return json.dumps(vars(Update(again=True)))
            command = [sys.executable, "-m", "vaultkit.site.live.worker", str(self.layout.root)]
            env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1"}
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, env=env, text=True, encoding="utf-8", process_group=0
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except (OSError, ValueError):
            return ""
