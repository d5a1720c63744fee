"""The command `vaultkit`."""

import os
import sys
from contextlib import suppress
from importlib import import_module

from vaultkit import where

# Where each command stands. Only the one that is called is imported, for `vaultkit run` must be quick.
_MODULES = {
    "vaultkit.commands.check": ("check",),
    "vaultkit.commands.links": ("links",),
    "vaultkit.commands.rename": ("rename",),
    "vaultkit.commands.notes": ("run", "watch", "update", "census"),
    "vaultkit.commands.new": ("new",),
    "vaultkit.commands.lists": ("next", "done", "progress"),
    "vaultkit.commands.exercises": ("try",),
    "vaultkit.commands.review": ("review",),
    "vaultkit.commands.coverage": ("coverage",),
    "vaultkit.commands.translated": ("translated",),
    "vaultkit.commands.structure": ("structure",),
    "vaultkit.commands.export": ("export",),
    "vaultkit.site.commands": (),  # the site may be left out of an installation
}


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; exit codes: 0 done, 1 something is wrong with the vault, 2 a wrong call."""
    where.program = argv is None
    if where.program and None in (sys.stdin, sys.stdout, sys.stderr):
        _open_streams()
    code = _main(sys.argv[1:] if argv is None else argv)
    if where.program:
        _end(code)
    return code


def _open_streams() -> None:
    """Streams that were closed before the call lead nowhere, or the next file would take their place."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    while nowhere < 3:
        nowhere = os.open(os.devnull, os.O_RDWR)
    os.close(nowhere)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def _end(code: int) -> None:
    """End the process now if a thread that a note has left would keep it alive."""
    threading = sys.modules.get("threading")
    if threading and any(not t.daemon for t in threading.enumerate() if t is not threading.main_thread()):
        with suppress(OSError):
            sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _main(argv: list[str]) -> int:
    try:
        if argv[:1] == ["run"]:  # mostly nothing is left to do: not even argparse is needed to say so
            module = import_module("vaultkit.commands.run")
            asked = module.options(argv[1:])
            if asked is not None:
                return int(module.run(asked))
        return int(import_module("vaultkit.commands.table").call(argv, _MODULES))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # a folder that cannot be written, a disk that is full
        print(f"{error.filename or 'vaultkit'}: cannot go on: {error.strerror or error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
