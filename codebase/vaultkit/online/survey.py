"""Ask all addresses: one at a time per host with a pause between, a few hosts at once; answers are kept."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vaultkit.errors import Problem, VaultError
from vaultkit.online.probe import Answer, probe
from vaultkit.write import write_atomic

HOSTS_AT_ONCE = 4
_NO_NETWORK = 4  # hosts without an address, and none with one
PAUSE = 1.0  # seconds between two requests to one host


def survey(
    urls: Iterable[str],
    kept: dict[str, Any],
    *,
    days: int = 7,
    pause: float = PAUSE,
    tell: Callable[[str, Answer], None] = lambda url, answer: None,
) -> dict[str, dict[str, Any]]:
    """Answers by address: {url: {"state", "status", "message", "when"}}.

    Raises VaultError if there is no network: then nothing is known of any address.
    An answer in `kept` that is not dead and at most `days` old is taken as it is; `tell` hears of new ones.
    """
    oldest = (date.today() - timedelta(days=days)).isoformat()
    answers: dict[str, dict[str, Any]] = {}
    by_host: dict[str, list[str]] = defaultdict(list)
    for url in dict.fromkeys(urls):
        entry = kept.get(url)
        if (
            isinstance(entry, dict)
            and entry.get("state") in ("ok", "moved", "refused")
            and _recent(entry, oldest)
        ):
            answers[url] = entry
        else:
            by_host[urlsplit(url).netloc].append(url)

    unnamed: dict[str, bool] = {}  # hosts asked so far: could nobody tell their address?

    def offline() -> bool:
        return len(unnamed) >= _NO_NETWORK and all(unnamed.values())

    def ask(host: str) -> None:
        for number, url in enumerate(by_host[host]):
            if number:
                time.sleep(pause)
            if offline():
                return
            answer = probe(url)
            unnamed[host] = answer.unnamed
            state, status, message, _ = answer
            answers[url] = {
                "state": state,
                "status": status,
                "message": message,
                "when": date.today().isoformat(),
            }
            tell(url, answer)

    with ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:
        list(pool.map(ask, by_host))
    if offline():
        message = f"none of {len(unnamed)} hosts could be found"
        raise VaultError(Problem("links --online", 0, "no-network", message, "is there a network?"))
    return answers


def _recent(entry: dict[str, Any], oldest: str) -> bool:
    return str(entry.get("when", "")) >= oldest


def load(file: Path) -> dict[str, Any]:
    """The kept answers; {} if there are none or the file is damaged."""
    try:
        loaded = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def save(file: Path, answers: dict[str, Any]) -> None:
    write_atomic(file, json.dumps(answers, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n")
