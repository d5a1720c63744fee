"""`python -m kvist.exercises list | start NAME | check NAME FILE`: what `vaultkit try` calls."""

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

from kvist.exercises.judge import judge, load
from kvist.exercises.shelf import checks_of, names, starter_of

USAGE = "python -m kvist.exercises list | start NAME | check NAME FILE"


def main(argv: list[str]) -> int:
    """Print what was asked for; `check` prints one JSON object a check. Exit codes: 0 done, 2 wrong call."""
    match argv:
        case ["list"]:
            print("\n".join(names()))
        case ["start", name] if name in names():
            print(starter_of(name).read_text("utf-8"), end="")
        case ["check", name, file] if name in names():
            out = sys.stdout
            with redirect_stdout(sys.stderr):  # what a solution prints is no verdict
                for verdict in judge(load(checks_of(name)), Path(file)):
                    print(json.dumps(verdict._asdict(), ensure_ascii=False), file=out, flush=True)
        case _:
            got = " ".join(argv) or "nothing"
            print(f"[exercises] need {USAGE}, got {got}. hint: names: {', '.join(names())}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
