"""`vaultkit serve`: build if needed, serve the site, bring each change to its pages and to the browsers."""

import errno
import signal
import threading
from collections.abc import Callable

from vaultkit.site.build import Report
from vaultkit.site.fingerprint import fingerprint
from vaultkit.site.live.builder import Builder
from vaultkit.site.live.session import Update
from vaultkit.site.news import News
from vaultkit.site.paths import Layout
from vaultkit.site.server import Listeners, Server, open_server
from vaultkit.site.verify import Verifier, without_badge
from vaultkit.site.watch import watch

Say = Callable[[str], None]


def serve(layout: Layout, host: str, port: int, say: Say, *, run_notes: bool = False) -> int:
    """Serve until interrupted; exit status. Notes are shown with their faults, which every page lists; while
    something cannot be built at all, the last good site stays up.

    run_notes: run what has no true badge, now and after each change; this executes the vault's code.
    """
    listeners = Listeners()
    try:
        server = open_server(layout.site, host, port, listeners)
    except OSError as error:
        say(_no_port(error, host, port))
        return 1
    with server:
        builder = Builder(layout)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _interrupt)
        try:
            say("building what changed since the last time ...")
            seen = fingerprint(layout)
            news = News(say)
            if not _first_build(builder, listeners, say, news):
                return 1
            shown = f"[{host}]" if ":" in host else host
            say(f"serving http://{shown}:{server.server_port}/ in English, /zh/ in Chinese (Ctrl-C stops)")
            verifier = Verifier(layout.vault, say, listeners.run) if run_notes else None
            _run(server, builder, seen, listeners, say, news, verifier)
        except KeyboardInterrupt:
            say("stopped")
        finally:
            builder.stop()
    return 0


def _first_build(builder: Builder, listeners: Listeners, say: Say, news: News | None = None) -> bool:
    """Bring the site up to date, or keep the last good one; False if there is none."""
    report = builder.build()
    _tell(report, say, news or News(say))
    listeners.tell(report.faults, [], stopped=not report.ok)
    if report.ok:
        return True
    if (builder.layout.site / "index.html").is_file():
        say("serving the last good site until this is mended")
        return True
    return False


def _run(
    server: Server,
    builder: Builder,
    seen: str,
    listeners: Listeners,
    say: Say,
    news: News,
    verifier: Verifier | None,
) -> None:
    stop = threading.Event()

    def changed() -> None:
        done = builder.update()
        _tell_update(done, say, news)
        runs = None
        if verifier:
            layout = builder.layout
            runs = verifier.expect(without_badge(layout.vault, layout.site, done.written))
        listeners.tell(done.faults, None if done.again else done.written, stopped=done.stopped, runs=runs)
        if verifier:
            verifier.wake()

    watcher = threading.Thread(target=watch, args=(builder.layout, seen, changed, stop), daemon=True)
    watcher.start()
    if verifier:
        verifier.start()
    try:
        server.serve_forever(poll_interval=0.2)
    finally:
        stop.set()
        if verifier:
            verifier.stop()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _tell(report: Report, say: Say, news: News) -> None:
    stay = news.tell(report.problems, stopped=not report.ok)
    if report.ok:
        state = "built" if report.built else "up to date"
        say(f"{report.pages} pages {state} in {report.seconds:.1f} s{_to_mend(report.faults, stay)}")
    else:
        say(f"not built: {len(report.problems)} problem(s), see above")


def _tell_update(done: Update, say: Say, news: News) -> None:
    stay = news.tell(done.problems, stopped=done.stopped)
    if done.stopped:
        before = f", {stay} of them as before" if stay else ""
        say(f"not built: {len(done.problems)} problem(s), see above{before}")
    elif done.again:
        say(f"built anew in {done.seconds:.1f} s{_to_mend(done.faults, stay)}")
    else:
        pages = sum(path.endswith(".html") for path in done.written)
        say(f"{pages} page(s) fresh in {done.seconds:.2f} s{_to_mend(done.faults, stay)}")


def _to_mend(faults: list[str], stay: int) -> str:
    """How many faults there are, and how many problems were there before, faults or not."""
    text = f", with {len(faults)} fault(s) that `vaultkit build` would refuse, see above" if faults else ""
    return text + (f"; {stay} problem(s) as before" if stay else "")


def _no_port(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"[serve] need a free port, got {port} in use. hint: vaultkit serve --port {port + 1}"
    reason = error.strerror or str(error)
    return f"[serve] need an address, got {host}:{port} ({reason}). hint: try --host 127.0.0.1"
