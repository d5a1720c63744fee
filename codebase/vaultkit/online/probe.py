"""Ask an address whether it answers, politely: HEAD first, GET only if HEAD is refused, no body is read."""

from http.client import HTTPException
from socket import gaierror
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit, urlunsplit
from urllib.request import Request, build_opener

SECONDS = 15.0
AGENT = "kvist-vault link check"
_ASK_AGAIN = frozenset({400, 403, 404, 405, 406, 429, 500, 501, 503})  # some servers answer HEAD so
_REFUSES = frozenset({401, 403, 407, 429, 451, 999})  # there is something, but not for programs


class Answer(NamedTuple):
    """`status` is HTTP's, 0 if there was no answer; `state`: ok, moved, refused or dead.

    `unnamed` is True if nobody could tell the host's address.
    """

    state: str
    status: int
    message: str
    unnamed: bool = False


def probe(url: str, seconds: float = SECONDS) -> Answer:
    """The answer of `url` (http or https); nothing that the server does makes this raise."""
    answer = _ask(url, "HEAD", seconds)
    if answer.status in _ASK_AGAIN:
        answer = _ask(url, "GET", seconds)
    return answer


def _ask(url: str, method: str, seconds: float) -> Answer:
    try:
        request = Request(_ascii(url), method=method, headers={"User-Agent": AGENT, "Accept": "*/*"})
        with build_opener().open(request, timeout=seconds) as response:
            final = response.geturl()
            moved = _page(final) != _page(_ascii(url))
            return Answer("moved" if moved else "ok", response.status, final if moved else "")
    except HTTPError as error:
        error.close()
        state = "refused" if error.code in _REFUSES else "dead"
        return Answer(state, error.code, f"{error.code} {error.reason}")
    except (URLError, OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        text = " ".join(str(reason).split()) or type(error).__name__
        return Answer("dead", 0, text, isinstance(reason, gaierror))


def _ascii(url: str) -> str:
    """The address as it goes over the wire: a name in IDNA, everything else percent-encoded."""
    parts = urlsplit(url)
    host = (parts.hostname or "").encode("idna").decode()
    place = f"{host}:{parts.port}" if parts.port else host
    safe = "/%:=&?~+!$,;'@()*[]"
    return urlunsplit((parts.scheme, place, quote(parts.path, safe), quote(parts.query, safe), ""))


def _page(url: str) -> tuple[str, str, str]:
    """What makes two addresses the same page: not the scheme, nor `www.`, nor a slash at the end."""
    parts = urlsplit(url)
    return (parts.netloc.removeprefix("www."), parts.path.rstrip("/"), parts.query)
