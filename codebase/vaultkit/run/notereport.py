"""The verdict on one note as commands print it, whether the note was run or its last verdict holds."""


class Skip(tuple[int, str]):
    """A block that is declared not to run: (line, reason)."""

    __slots__ = ()

    def __new__(cls, line: int, reason: str) -> "Skip":
        return super().__new__(cls, (line, reason))

    @property
    def line(self) -> int:
        return self[0]

    @property
    def reason(self) -> str:
        return self[1]


class NoteReport:
    """The verdict on one note; `failures` for machines, `texts` for people, `why` it was run or not.

    `blocks` counts all Python blocks, those `skipped` included; a note without any is ok.
    """

    __slots__ = ("blocks", "failures", "passed", "path", "reused", "seconds", "skipped", "texts", "why")

    def __init__(self, path: str, blocks: int = 0, why: str = "") -> None:
        self.path = path
        self.blocks = blocks
        self.passed = 0
        self.skipped: list[Skip] = []
        self.failures: list[dict[str, object]] = []
        self.texts: list[str] = []
        self.seconds = 0.0
        self.why = why
        self.reused = False

    @property
    def ok(self) -> bool:
        return not self.failures and self.passed + len(self.skipped) == self.blocks

    @property
    def died(self) -> bool:
        """True if the note ended the process."""
        return any(failure.get("kind") == "process-died" for failure in self.failures)

    def line(self, shown: str) -> str:
        """One line on the note, which is `shown` so."""
        mark = "ok    " if self.ok else "FAILED"
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        tail = "reused" if self.reused else f"{self.seconds:.2f} s"
        if self.failures and all(failure["kind"] == "output-missing" for failure in self.failures):
            command = str(self.failures[0].get("hint", "")).rpartition("then: ")[2]
            return f"{mark} {shown}: {self.blocks - len(self.skipped)} ran, outputs missing: {command}"
        return f"{mark} {shown}: {self.passed}/{self.blocks} blocks{skipped}, {tail}"

    def as_dict(self) -> dict[str, object]:
        return {
            "path": self.path,
            "ok": self.ok,
            "blocks": self.blocks,
            "passed": self.passed,
            "skipped": [{"line": line, "reason": reason} for line, reason in self.skipped],
            "failures": self.failures,
            "seconds": round(self.seconds, 3),
            "reused": self.reused,
            "why": self.why,
        }
