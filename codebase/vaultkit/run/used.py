"""What a run leaves behind for the cache: the things a note has used."""

Dependency = tuple[str, str]  # ("file" | "folder" | "variable" | "library", its name)


class Used:
    """What a note, a module or a library's import has used; `untracked` says what cannot be cached."""

    __slots__ = ("modules", "things", "untracked")

    def __init__(self, things: set[Dependency] | None = None, modules: set[str] | None = None,
                 untracked: set[str] | None = None) -> None:  # fmt: skip
        self.things = things if things is not None else set()
        self.modules = modules if modules is not None else set()
        self.untracked = untracked if untracked is not None else set()
