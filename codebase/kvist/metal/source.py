"""Metal source with the label by which errors call it: a file's name, or `kernel` for text."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kvist.errors import KvistError
from kvist.metal.frontend import Module, parse


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one Metal file; `path` is where `#include "..."` starts from. defines: macros, as by -D."""

    text: str
    label: str
    path: Path | None = None
    defines: tuple[tuple[str, str], ...] = ()

    @property
    def module(self) -> Module:
        return parse(self.text)


class HasSource(Protocol):
    """A Kernel."""

    source: Source


def load(kernel: str | Path | Source | HasSource) -> Source:
    """Read a .metal file, or take a string with a line break in it as the source itself.

    Raises KvistError when the file is missing or is not UTF-8.
    """
    if isinstance(kernel, Source):
        return kernel
    if not isinstance(kernel, (str, Path)):
        source = getattr(kernel, "source", None)
        if not isinstance(source, Source):
            need = "the path of a .metal file, its text or a Kernel"
            raise KvistError("metal", need, type(kernel).__name__)
        return source
    if isinstance(kernel, str) and "\n" in kernel:
        source = Source(kernel, "kernel.metal")
    else:
        path = Path(kernel)
        hint = "a string without a line break is taken as a path" if isinstance(kernel, str) else ""
        source = Source(_read(path, hint), path.name, path)
    return source


def require_ascii(source: Source) -> None:
    """Raise KvistError, with the line, where there is anything else."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if not line.isascii():
            strange = next(c for c in line if not c.isascii())
            raise KvistError(
                f"{source.label}:{number}", "ASCII", repr(strange), "MLX hands source to Metal as ASCII"
            )


def _read(path: Path, hint: str) -> str:
    try:
        if path.is_fifo() and path.parts[1:2] not in (("dev",), ("proc",)):  # nobody may ever write to it
            raise KvistError("metal", "a .metal file", f"{str(path)!r}, which is a pipe")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KvistError("metal", "a .metal file", f"{str(path)!r}, which does not exist", hint) from None
    except IsADirectoryError:
        raise KvistError("metal", "a .metal file", f"{str(path)!r}, which is a folder") from None
    except UnicodeDecodeError:
        raise KvistError("metal", "a .metal file", f"{str(path)!r}, which is not UTF-8 text") from None
    except KvistError:
        raise
    except (OSError, ValueError) as error:
        got = f"{str(path)!r}: {getattr(error, 'strerror', None) or error}"
        raise KvistError("metal", "a .metal file that can be read", got) from None
