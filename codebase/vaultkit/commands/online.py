"""`vaultkit links --online`: which web addresses of the vault are dead.

With --json one object an address: url, state (ok, moved, refused, dead), status, message, when, places
(`path:line`). Answers are kept in `.cache/kvist/links-online.json`; dead ones are asked again each time.
"""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from vaultkit import place
from vaultkit.commands.scope import load_scope
from vaultkit.online.addresses import addresses
from vaultkit.online.probe import Answer
from vaultkit.online.survey import PAUSE, load, save, survey
from vaultkit.terminal import path_here

KEPT = "links-online.json"


def add_online(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--days", type=_days, default=7, metavar="N", help="how long an answer is believed (7)"
    )
    parser.add_argument(
        "--pause",
        type=_seconds,
        default=PAUSE,
        metavar="S",
        help="seconds between two requests to one host (1)",
    )


def _days(text: str) -> int:
    if not text.isdigit():
        raise ArgumentTypeError(f"needs a number of days, got {text}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise ArgumentTypeError(f"needs seconds from 0 to 3600, got {text}")
    return seconds


def online(args: Namespace) -> int:
    """Exit code 1 if an address is dead."""
    vault, part = load_scope(args)
    found = addresses(vault, part)
    file = place.cache_folder(vault.root) / KEPT
    kept = load(file)
    answers = survey((a.url for a in found), kept, days=args.days, pause=args.pause, tell=_tell)
    save(file, {**kept, **answers})
    dead = 0
    for url in dict.fromkeys(address.url for address in found):
        answer = answers[url]
        places = [f"{address.path}:{address.line}" for address in found if address.url == url]
        dead += answer["state"] == "dead"
        if args.json:
            print(json.dumps({"url": url, **answer, "places": places}, ensure_ascii=False))
        elif answer["state"] != "ok":
            word = {"moved": "moved to"}.get(answer["state"], answer["state"] + ":")
            for where in places:
                print(f"{path_here(vault.root, where)}: {url} {word} {answer['message']}")
    if not args.json:
        print(f"{len(answers)} addresses, {dead} dead")
    return 1 if dead else 0


def _tell(url: str, answer: Answer) -> None:
    print(f"{answer.state:8}{url}", file=sys.stderr)
