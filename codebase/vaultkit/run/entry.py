"""The entry of a note that was run, for the badges on the site."""

import hashlib
import platform
import sys
from datetime import date
from typing import Any

from vaultkit.run.data import data_of
from vaultkit.run.results import engine_digest, key_of
from vaultkit.run.session import Session
from vaultkit.run.used import Used
from vaultkit.run.verdict import Verdict


def entry_of(
    session: Session, verdicts: list[Verdict], engine: str = "", used: Used | None = None
) -> dict[str, Any] | None:
    """The result of a note all of whose blocks were judged; None if its file has changed since it
    was read. `used` is what the note has used, if that was watched.
    """
    if not _is_as_it_was(session):
        return None
    engine = engine or engine_digest(session.vault)
    return {
        "key": key_of(engine, session.digest),
        "blocks": len(session.program.blocks),
        "passed": sum(verdict.status == "passed" for verdict in verdicts),
        "skipped": sum(verdict.status == "skipped" for verdict in verdicts),
        "seconds": round(sum(execution.seconds for execution in session.executed.values()), 3),
        "when": date.today().isoformat(),
        "versions": _versions(),
        "device": _device(),
        **data_of(session, used),
    }


def _is_as_it_was(session: Session) -> bool:
    """True if the note's file holds what was read."""
    if session.observer and session.observer.fingerprints.settled(str(session.file), session.digest):
        return True
    try:
        with open(session.file, "rb", buffering=0) as file:
            return hashlib.sha256(file.read()).hexdigest() == session.digest
    except OSError:
        return False


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name, module in (("numpy", "numpy"), ("mlx", "mlx.core")):
        version = getattr(sys.modules.get(module), "__version__", None)
        if version:
            versions[name] = str(version)
    return versions


def _device() -> str:
    mlx = sys.modules.get("mlx.core")
    return "gpu" if mlx is not None and "gpu" in str(mlx.default_device()).lower() else "cpu"
