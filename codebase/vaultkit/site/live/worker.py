"""The process that builds while `vaultkit serve` serves: `python -m vaultkit.site.live.worker ROOT`.

A line of JSON in is a request, a line of JSON out its answer: `{"do": "build", "mode": "draft"}` gives a
`Report`, `{"do": "update"}` an `Update`. What else is to be said goes to the standard error. A process of its
own, so that pages are served meanwhile, and so that changed tools mean only a new process.
"""

import errno
import gc
import json
import os
import select
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from vaultkit.site.build import Report
from vaultkit.site.live.session import Session, Update
from vaultkit.site.paths import Layout

QUIET = 2.0  # seconds without a request after which the search index is made anew
# What makes no difference when it is tried again; what has only just gone does.
_NO_WRITING = {errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT, errno.EFBIG, errno.EIO}


def work(session: Session, requests: TextIO, answers: TextIO, quiet: float = QUIET) -> None:
    """Answer requests until there are no more, or until nothing can be written: what is known may then be
    half of the truth, and another process is to begin anew.
    """
    searching: threading.Thread | None = None
    while True:
        owed = session.unsettled or session.behind or session.state
        if (
            owed
            and not (searching and searching.is_alive())
            and not select.select([requests], [], [], quiet)[0]
        ):
            try:
                session.settle(lambda: bool(select.select([requests], [], [], 0)[0]))
            except OSError as error:
                print(_stopped_by(error), file=sys.stderr, flush=True)
                return
            if session.unsettled:
                continue
            searching = threading.Thread(target=_search, args=(session,), daemon=True)
            searching.start()
            continue
        if not select.select([requests], [], [], quiet)[0]:
            continue
        line = requests.readline()
        if not line:
            return
        request = json.loads(line)
        building = request["do"] == "build"
        fault = ""
        answer: Any
        try:
            answer = session.build(request["mode"]) if building else session.update()
        except OSError as error:
            fault = _stopped_by(error)
            answer = Report(False, False) if building else Update(stopped=True)
            answer.problems, answer.faults = [fault], [fault]
        answers.write(json.dumps(asdict(answer), ensure_ascii=False) + "\n")
        answers.flush()
        if fault:
            return
        if building and answer.ok:
            session.get_ready()
            gc.freeze()  # what is here now stays: do not look through it again and again


def _search(session: Session) -> None:
    try:
        lines = session.refresh_search()
    except OSError as error:
        lines = [_stopped_by(error)]
    for line in lines:
        print(line, file=sys.stderr, flush=True)


def _stopped_by(error: OSError) -> str:
    """What to say of a disk that is full or may not be written; raises any other error."""
    if error.errno not in _NO_WRITING:
        raise error
    where = error.filename or "the site and its cache"
    hint = "mend that, then save a note or start anew"
    return f"[serve] need to write {where}, got: {error.strerror}. hint: {hint}"


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server says when it is over
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what others print is no answer
    work(Session(Layout(Path(sys.argv[1]))), os.fdopen(0, encoding="utf-8", closefd=False), answers)


if __name__ == "__main__":
    main()
