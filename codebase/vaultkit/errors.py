"""Problems in a vault: one value that says where, what and how to mend it."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from vaultkit.where import NO_FOLDER, one_line

Severity = Literal["error", "warning"]


class Problem(NamedTuple):
    """One thing wrong in one line of a vault; `line` is 1-based, 0 means the file as a whole."""

    path: str
    line: int
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        """One line, whatever the name of the file is."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        mark = "" if self.severity == "error" else "warning: "
        hint = f" (hint: {self.hint})" if self.hint else ""
        return one_line(f"{place}: {mark}{self.code} {self.message}{hint}")

    def as_dict(self) -> dict[str, object]:
        return self._asdict()


class VaultError(Exception):
    """Raised when a command cannot go on; carries the problems to print instead of a traceback."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class CallError(VaultError):
    """A wrong call: it names a folder, a note or a list that is not there. The exit code is 2."""


def no_folder(name: object) -> CallError:
    """What every command says of a DIR that is none."""
    return CallError(Problem(str(name), 0, "no-vault", *NO_FOLDER))
