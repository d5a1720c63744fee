"""Read the public names of a package from its sources with `ast`; nothing of it is imported.

Public is what a package's `__init__` exports: its `__all__` if it has one, else what it imports from its own
modules and defines itself, without a leading underscore. The modules beside the packages count too, with
their functions, classes and documented values.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vaultkit.api.members import Class, members
from vaultkit.api.names import Engine, Name, Room
from vaultkit.api.signature import Signatures, annotated
from vaultkit.errors import Problem

NOT_TAUGHT = frozenset(
    {"exercises", "cli", "__main__", "doctor", "json_file", "native"}
)  # the engine's plumbing
_DEPTH = 20  # imports from one module to the next that are followed
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Module:
    """One source file."""

    path: str
    file: Path
    source: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.file.name == "__init__.py"


@dataclass(frozen=True, slots=True)
class Found:
    """Where a name is defined; `doc` is the string below a value."""

    module: Module
    node: ast.stmt
    name: str
    doc: str = ""


def read_engine(folder: Path, project: Path) -> Engine:
    """The public names of the package in `folder`; an Engine without rooms if there is none."""
    return _Reader(folder, project).engine()


class _Reader:
    def __init__(self, folder: Path, project: Path) -> None:
        self.folder, self.project = folder, project
        self.package = folder.name
        self.modules: dict[str, Module | None] = {}
        self.problems: list[Problem] = []

    def engine(self) -> Engine:
        paths = [self.package, *self._rooms(self.package, self.folder)]
        rooms = [self._room(path) for path in paths]
        named = tuple(room for room in rooms if room and room.names)
        plain = Engine(self.package, named, tuple(self.problems))
        return replace(plain, types=self._types(plain))

    def _types(self, engine: Engine) -> dict[str, str]:
        """Words of annotations that mean one public class wherever they stand."""
        found: dict[str, set[str | None]] = {}
        for module in [module for module in self.modules.values() if module]:
            for word in annotated(module.tree):
                definition = self.find(f"{module.path}.{word}")
                path = definition and f"{definition.module.path}.{definition.name}"
                public = engine.public(path) if path else None
                found.setdefault(word, set()).add(public)
        single = {word: next(iter(paths)) for word, paths in found.items() if len(paths) == 1}
        return {word: path for word, path in single.items() if path and engine.names[path].kind == "class"}

    def _rooms(self, path: str, folder: Path) -> Iterator[str]:
        for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
            name = entry.stem if entry.suffix == ".py" else entry.name
            if name.startswith("_") or name in NOT_TAUGHT:
                continue
            if (entry / "__init__.py").is_file():
                yield f"{path}.{name}"
                yield from self._rooms(f"{path}.{name}", entry)
            elif entry.suffix == ".py" and folder == self.folder:
                yield f"{path}.{name}"

    def _room(self, path: str) -> Room | None:
        module = self._module(path)
        if module is None:
            return None
        names = [self._name(path, name) for name in self._exports(module)]
        doc = ast.get_docstring(module.tree) or ""
        return Room(path, self._shown(module.file), doc, tuple(name for name in names if name))

    def _exports(self, module: Module, depth: int = 0) -> list[str]:
        """The public names of a module, those that it takes over with `*` included."""
        names: list[str] = []
        for name in exports(module, self.package):
            source = name.removesuffix(".*")
            other = self._module(source) if source != name and depth <= _DEPTH else None
            names += self._exports(other, depth + 1) if other else [name] * (source == name)
        return list(dict.fromkeys(names))

    def _name(self, room: str, name: str) -> Name | None:
        """None for a module: it is a room of its own, or the package's own affair."""
        path = f"{room}.{name}"
        found = self.find(path)
        if found is None:
            return None
        module, node, signatures = found.module, found.node, Signatures(found.module.source)
        defined, file = f"{module.path}.{found.name}", self._shown(module.file)
        if isinstance(node, ast.ClassDef):
            line = [Class(module.path, node, signatures), *self._bases(module, node)]
            init = next((f for item in line if (f := item.function("__init__"))), None)
            signature = signatures.class_(node, init)
            bases = tuple(self._base(module, base) for base in node.bases)
            doc = ast.get_docstring(node) or ""
            return Name(
                path, "class", defined, file, node.lineno, signature, doc, bases, tuple(members(line))
            )
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = ast.get_docstring(node) or ""
            return Name(path, "function", defined, file, node.lineno, signatures.function(node), doc)
        text = " ".join(signatures.segment(node).split())
        return Name(path, "value", defined, file, node.lineno, text, found.doc)

    def _bases(self, module: Module, node: ast.ClassDef) -> Iterator[Class]:
        """The classes of this package that a class builds on, nearest first."""
        for base in node.bases:
            found = self.find(f"{module.path}.{ast.unparse(base)}")
            if found and isinstance(found.node, ast.ClassDef) and found.node is not node:
                yield Class(found.module.path, found.node, Signatures(found.module.source))
                yield from self._bases(found.module, found.node)

    def _base(self, module: Module, base: ast.expr) -> str:
        """A base class by the path of its definition if it is of this package, else as the source has it."""
        found = self.find(f"{module.path}.{ast.unparse(base)}")
        return f"{found.module.path}.{found.name}" if found else ast.unparse(base)

    def find(self, path: str, depth: int = 0) -> Found | None:
        """The definition that a dotted path leads to, through any number of imports."""
        owner, _, name = path.rpartition(".")
        module = self._module(owner)
        if module is None or depth > _DEPTH:
            return None
        found: Found | None = None
        for node, after in zip(module.tree.body, [*module.tree.body[1:], None], strict=True):
            if isinstance(node, _DEFINITIONS) and node.name == name:
                found = Found(module, node, name)
            elif name in _targets(node):
                found = Found(module, node, name, _string(after))
            elif isinstance(node, ast.ImportFrom):
                source = absolute(node, module)
                for alias in node.names:
                    meant = name if alias.name == "*" and name[0] != "_" else alias.name
                    if name in (alias.asname or alias.name, meant) and self._own(source):
                        found = self.find(f"{source}.{meant}", depth + 1) or found
        return found

    def _own(self, path: str) -> bool:
        return path == self.package or path.startswith(self.package + ".")

    def _module(self, path: str) -> Module | None:
        if path not in self.modules:
            self.modules[path] = self._load(path)
        return self.modules[path]

    def _load(self, path: str) -> Module | None:
        package, *parts = path.split(".")
        place = self.folder.joinpath(*parts)
        file = place / "__init__.py" if (place / "__init__.py").is_file() else place.with_suffix(".py")
        if package != self.package or not file.is_file():
            return None
        try:
            source = file.read_text("utf-8")
            return Module(path, file, source, ast.parse(source))
        except (OSError, ValueError, SyntaxError, RecursionError) as error:
            line = (error.lineno or 0) if isinstance(error, SyntaxError) else 0
            message = f"cannot be read: {error.msg if isinstance(error, SyntaxError) else error}"
            where = f"[engine] {self._shown(file)}"
            self.problems.append(Problem(where, line, "engine-source", message, "mend the file"))
            return None

    def _shown(self, file: Path) -> str:
        return (file.relative_to(self.project) if file.is_relative_to(self.project) else file).as_posix()


def exports(module: Module, package: str) -> list[str]:
    """The public names of a module, in the order of its text; `x.*` stands for all those of the module x."""
    names: list[str] = []
    for node, after in zip(module.tree.body, [*module.tree.body[1:], None], strict=True):
        if (listed := _all(node)) is not None:
            return listed
        if isinstance(node, _DEFINITIONS):
            names.append(node.name)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, module)
            if source == package or source.startswith(package + "."):
                again = [a for a in node.names if module.is_package or a.asname == a.name]
                names += [f"{source}.*" if a.name == "*" else a.asname or a.name for a in again]
        elif _string(after):
            names += _targets(node)
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def _all(node: ast.stmt) -> list[str] | None:
    """The names of `__all__ = […]`; None for another statement and for a list that is computed."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or "__all__" not in _targets(node):
        return None
    items = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [None]
    names = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return names if len(names) == len(items) else None


def absolute(node: ast.ImportFrom, module: Module) -> str:
    """The module that `from … import` names, relative dots resolved."""
    if not node.level:
        return node.module or ""
    parts = module.path.split(".")
    base = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*base, node.module] if node.module else base)


def _targets(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _string(node: ast.stmt | None) -> str:
    """The text of a string that stands as a statement: the documentation of the value above it."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node.value.value if isinstance(node.value.value, str) else ""
    return ""
