"""A small static file server with live reload: HTML gets one script, which listens for the next build."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from vaultkit.site.paths import HERE
from vaultkit.site.verify import Runs

EVENTS = "/__kvist/events"
SCRIPT = "/__kvist/reload.js"
STYLE = "/__kvist/live.css"
# Rendering waits for the script: what it puts in stands there at once.
TAGS = f'<link rel="stylesheet" href="{STYLE}"><script src="{SCRIPT}" defer blocking="render"></script>'
_CARD = re.compile(rb'<meta property="og:image" content="[^"]*?(cards/[0-9a-f]+\.png)">')
_CARD_LINES = re.compile(rb'\s*<meta property="og:image[^>]*>')
HEARTBEAT = 15.0  # seconds between signs of life, so that closed browsers are noticed


class Listeners:
    """Browsers that wait for news; each gets every message once. How things stand is kept."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queues: set[SimpleQueue[str]] = set()
        self._problems: list[str] = []
        self._stopped = False
        self._runs: dict[str, Any] = {}  # nothing while no notes are run
        self._seen = 0  # messages
        self._changed: dict[str, int] = {}  # files, by the message that told of their last change
        self._all = 0  # the message that told of all

    def run(self, runs: Runs) -> None:
        """Tell all which notes fail now, and which pages wait for a verdict."""
        with self._lock:
            told = _told(runs)
            if told != (self._runs or _told(([], []))):
                self._runs = told
                self._send(told)

    def tell(
        self,
        problems: list[str],
        changed: list[str] | None = None,
        *,
        stopped: bool = False,
        runs: Runs | None = None,
    ) -> None:
        """Tell all what is to be mended, and who shows one of the files that have `changed` (None: any) to
        reload. stopped: what is shown is older than the vault. runs: as in `run`, with the same message.
        """
        with self._lock:
            self._problems, self._stopped = problems, stopped
            self._runs = _told(runs) if runs else self._runs
            told = self._runs if runs else {}
            self._changed |= dict.fromkeys(changed or [], self._seen + 1)
            if changed is None and not stopped:
                self._all = self._seen + 1
            self._send({"problems": problems, "stopped": stopped, "changed": changed} | told)

    def _send(self, message: dict[str, Any]) -> None:
        self._seen += 1
        text = json.dumps(message | {"seen": self._seen})
        for queue in self._queues:
            queue.put(text)

    def state(self) -> dict[str, Any]:
        """How things stand, for a page that is just being loaded."""
        with self._lock:
            return self._state()

    def _state(self) -> dict[str, Any]:
        kept = {"problems": self._problems, "stopped": self._stopped, "seen": self._seen}
        return _told(([], [])) | kept | self._runs

    @property
    def seen(self) -> int:
        """How many messages there have been."""
        return self._seen

    def join(self, since: int | None = None) -> SimpleQueue[str]:
        """Messages for one more browser; the first is how things stand, and what has changed `since` so many
        messages, which is when its page was read: the page may have been on its way meanwhile.
        """
        queue: SimpleQueue[str] = SimpleQueue()
        with self._lock:
            self._queues.add(queue)
            queue.put(json.dumps(self._state() | {"changed": self._missed(since)}))
        return queue

    def _missed(self, since: int | None) -> list[str] | None:
        if since is None:
            return []
        if since < self._all or since > self._seen:  # a page of a server that was here before
            return None
        return [file for file, number in self._changed.items() if number > since]

    def leave(self, queue: SimpleQueue[str]) -> None:
        with self._lock:
            self._queues.discard(queue)


def _told(runs: Runs) -> dict[str, Any]:
    failures, running = runs
    return {"failures": [asdict(failure) for failure in failures], "running": running}


class Handler(SimpleHTTPRequestHandler):
    """Files of the site; never a folder listing; the site's own 404 page; nothing is cached by browsers."""

    protocol_version = "HTTP/1.1"  # one connection for all files of a page
    disable_nagle_algorithm = True  # else a file waits until its header was acknowledged
    timeout = 60.0  # seconds without a word after which a browser has gone

    def __init__(self, *args: object, listeners: Listeners, **kwargs: object) -> None:
        self.listeners = listeners
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == EVENTS:
            self._events()
        elif path == SCRIPT:
            state = f"const STATE = {json.dumps(self.listeners.state())};\n".encode()
            self._send(state + (HERE / "js" / "reload.js").read_bytes(), "text/javascript; charset=utf-8")
        elif path == STYLE:
            self._send((HERE / "js" / "live.css").read_bytes(), "text/css; charset=utf-8")
        else:
            self._file(path)

    def _file(self, path: str) -> None:
        file = Path(self.translate_path(self.path))
        if file.is_dir() and not path.endswith("/"):
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", path + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        file = file / "index.html" if file.is_dir() else file
        seen = self.listeners.seen  # before the file is read
        status = HTTPStatus.OK
        try:
            content = file.read_bytes()
        except OSError:
            status = HTTPStatus.NOT_FOUND
            content, file = self._not_found(path)
        if file.suffix == ".html":
            content = self._without_missing_card(content)
            content = content.replace(b"</head>", f"{TAGS}</head>".encode(), 1)
        kind = self.guess_type(str(file))
        kind = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
        self._send(content, kind, status, {"Server-Timing": f"kvist;dur={seen}"})

    def _without_missing_card(self, page: bytes) -> bytes:
        """A page that does not name a social card which is not drawn: only a whole build draws them."""
        card = _CARD.search(page)
        there = card is None or (Path(self.directory) / card[1].decode()).is_file()
        return page if there else _CARD_LINES.sub(b"", page)

    def _not_found(self, path: str) -> tuple[bytes, Path]:
        folder = Path(self.directory)
        file = folder / ("zh/404.html" if path.startswith("/zh/") else "404.html")
        return (file.read_bytes() if file.is_file() else b"not found"), file

    def _send(
        self,
        content: bytes,
        kind: str,
        status: HTTPStatus = HTTPStatus.OK,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _events(self) -> None:
        since = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
        queue = self.listeners.join(int(since) if since.isdecimal() else None)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")  # nobody knows how long it is
        self.end_headers()
        try:
            while True:
                try:
                    message = f"data: {queue.get(timeout=HEARTBEAT)}\n\n"
                except Empty:
                    message = ": alive\n\n"
                self.wfile.write(message.encode())
                self.wfile.flush()
        except OSError:
            pass  # the browser has gone
        finally:
            self.listeners.leave(queue)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: requests are not news."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no error."""


def open_server(site: Path, host: str, port: int, listeners: Listeners) -> Server:
    """A server of the folder `site`, bound and ready; raises OSError if the port is taken."""
    return Server((host, port), partial(Handler, directory=str(site), listeners=listeners))
