"""What is known of the engine's public names: rooms (packages and modules), names, members of classes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    types: Mapping[str, str] = field(default_factory=dict)
    """Public classes by the words that annotations say them with, unless a word is used for two things."""

    @cached_property
    def names(self) -> dict[str, Name]:
        return {name.path: name for room in self.rooms for name in room.names}

    @cached_property
    def _by_definition(self) -> dict[str, str]:
        return {name.defined: name.path for name in self.names.values()}

    @cached_property
    def methods(self) -> dict[str, Member]:
        """Public methods by path, as `kvist.cache.RadixCache.insert`; properties too, fields not."""
        return {
            f"{name.path}.{member.name}": member
            for name in self.names.values()
            for member in name.members
            if member.kind != "field"
        }

    def members_of(self, name: Name) -> set[str]:
        """What can be called or read on a class: its own methods and properties, and those of its bases."""
        found = {member.name for member in name.members if member.kind != "field"}
        bases = (self.names.get(self.public(base) or "") for base in name.bases)
        return found.union(*(self.members_of(base) for base in bases if base))

    def public(self, path: str) -> str | None:
        """The public path of a name given as it was imported, even from the module that defines it."""
        return path if path in self.names else self._by_definition.get(path)

    def twins(self, path: str) -> list[str]:
        """All public paths of what a public path of a name or method means: `mini.double` may be
        `mini.ops.double` too.
        """
        owner, _, member = path.rpartition(".")
        if path in self.names:
            return self._paths[self.names[path].defined]
        return [f"{twin}.{member}" for twin in self.twins(owner)] if owner in self.names else [path]

    @cached_property
    def _paths(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.names.values():
            found.setdefault(name.defined, []).append(name.path)
        return found

    def method(self, path: str) -> str | None:
        """The public path of a method reached as `Tree.grow` or `Tree().grow`, also if a base has it."""
        owner, _, member = path.rpartition(".")
        instance = owner.removesuffix("()")
        name = self.names.get(self.public(instance) or "")
        if name is None or name.kind != "class":
            return None
        if f"{name.path}.{member}" in self.methods:
            return f"{name.path}.{member}"
        if any(found.name == member for found in name.members):
            return None  # a field
        bases = (self.method(f"{base}.{member}") for base in name.bases)
        return next((found for found in bases if found), None)


def summary(doc: str) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(doc.strip().split("\n\n")[0].split())
