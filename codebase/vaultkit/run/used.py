"""What a run leaves behind for the cache: the things a note has used."""

# (kind, name): "file" its bytes, "folder" the names in it, "link" where it leads, "mode" who may do what with
# it, "status" its times besides; "variable" of the environment; "library" a file of one, stamped
Dependency = tuple[str, str]


class Used:
    """What a note, a module or a library's import has used; `untracked` says what cannot be cached."""

    __slots__ = ("modules", "things", "untracked")

    def __init__(self, things: set[Dependency] | None = None, modules: set[str] | None = None,
                 untracked: set[str] | None = None) -> None:  # fmt: skip
        self.things = things if things is not None else set()
        self.modules = modules if modules is not None else set()
        self.untracked = untracked if untracked is not None else set()
