"""What is known of the engine's public names: rooms (packages and modules), names, members of classes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from vaultkit.errors import Problem

Kind = Literal["function", "class", "value"]
MemberKind = Literal["method", "property", "field"]


@dataclass(frozen=True, slots=True)
class Member:
    """A public method, property or field of a class; `line` is 0 for one that a base class documents."""

    name: str
    kind: MemberKind
    signature: str
    doc: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """A public name: `path` is how notes import it, `defined` where its code is, `file` from the project."""

    path: str
    kind: Kind
    defined: str
    file: str
    line: int
    signature: str = ""
    doc: str = ""
    bases: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def room(self) -> str:
        return self.path.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Room:
    """A package, or a module beside the packages, with the names that it offers."""

    path: str
    file: str
    doc: str
    names: tuple[Name, ...]


@dataclass(frozen=True)
class Engine:
    """All rooms of one package; `package` is its name, `problems` says which sources cannot be read."""

    package: str
    rooms: tuple[Room, ...] = ()
    problems: tuple[Problem, ...] = ()

    @cached_property
    def names(self) -> dict[str, Name]:
        return {name.path: name for room in self.rooms for name in room.names}

    @cached_property
    def _by_definition(self) -> dict[str, str]:
        return {name.defined: name.path for name in self.names.values()}

    def public(self, path: str) -> str | None:
        """The public path of a name given as it was imported, even from the module that defines it."""
        return path if path in self.names else self._by_definition.get(path)


def summary(doc: str) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(doc.strip().split("\n\n")[0].split())
