"""What the lint reports."""

from dataclasses import dataclass

# Codes of a text that says nothing certain: it does not parse, or its kernels and parameters are none.
UNREADABLE = frozenset(
    {
        "attribute-brackets",
        "include",
        "kernel-form",
        "kernel-return",
        "parameter-attribute",
        "preprocessor",
        "syntax",
        "unknown-attribute",
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that Apple's compiler would refuse or warn of, at a line and column (from 1) of `file`."""

    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    severity: str = "error"
    file: str = ""

    def __str__(self) -> str:
        hint = f" (hint: {self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.code}: {self.message}{hint}"
