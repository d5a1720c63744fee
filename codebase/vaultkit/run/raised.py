"""Where an error came up besides the note's own line: where a block called that, where in the engine."""

import linecache
import os
from collections.abc import Iterator
from types import FrameType, TracebackType

from vaultkit import where
from vaultkit.run.compare import cut
from vaultkit.run.results import ENGINE
from vaultkit.run.session import Session
from vaultkit.run.stamps import is_library


def raised(session: Session, error: BaseException) -> tuple[str, ...]:
    """Rows `path:line, in name: source`, from the outside in: the note's outermost line, if it is not the one
    that is named anyway, and the engine's innermost.
    """
    frames = list(_frames(error.__traceback__))
    own = [at for at in frames if at[0].f_code.co_filename == str(session.file)]
    rows = [_row(*own[0])] if own and own[0][1] != own[-1][1] else []
    inside = folders(session)
    engine = [at for at in frames if at not in own and _is_in(at[0].f_code.co_filename, inside)]
    unread = isinstance(error, SyntaxError) and error.filename != str(session.file)
    if isinstance(error, SyntaxError) and unread and error.lineno and _is_in(error.filename or "", inside):
        rows.append(_text(error.filename or "", error.lineno, ""))  # Python cannot read it: it has no frame
    elif engine:
        rows.append(_row(*engine[-1]))
    return tuple(rows)


def folders(session: Session) -> tuple[str, ...]:
    """The folders of the engine: the project's, and the one that was given in its place."""
    own = os.path.join(where.project_of(str(session.vault)), ENGINE[0])
    return tuple(os.path.realpath(folder) + os.sep for folder in (own, *where.engine))


def _is_in(file: str, inside: tuple[str, ...]) -> bool:
    return not (file.startswith("<") or is_library(file)) and os.path.realpath(file).startswith(inside)


def _frames(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while trace:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _row(frame: FrameType, line: int) -> str:
    name = frame.f_code.co_name
    return _text(frame.f_code.co_filename, line, "" if name == "<module>" else f", in {name}")


def _text(file: str, line: int, name: str) -> str:
    return cut(f"{where.shown(file)}:{line}{name}: {linecache.getline(file, line).strip()}".rstrip(": "))
