"""Signatures as a reader wants them: from the source text, one line if it fits, else a parameter per line."""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
_WIDTH = 84


class Signatures:
    """Formats the definitions of one module; `source` is its text."""

    def __init__(self, source: str) -> None:
        self.lines = source.encode().split(b"\n")

    def text(self, node: ast.expr | None) -> str:
        """An annotation or default as the source spells it, on one line."""
        if node is None:
            return ""
        return " ".join(self.segment(node).split())

    def segment(self, node: ast.expr | ast.stmt) -> str:
        """The source of a node (`ast.get_source_segment` cuts the whole module into lines for each)."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        lines = self.lines[first : last + 1]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode()

    def annotation(self, node: ast.expr | None) -> str:
        """The text of an annotation; a quoted one without its quotes."""
        quoted = isinstance(node, ast.Constant) and isinstance(node.value, str)
        return str(node.value) if quoted else self.text(node)  # type: ignore[union-attr]

    def function(self, node: Function, *, method: bool = False, name: str = "") -> str:
        """`def name(…) -> …`; a method without its first parameter unless it is a static one."""
        static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
        parameters = list(self._parameters(node.args))
        if method and not static:
            parameters = parameters[1:]
            parameters = parameters[1:] if parameters[:1] == ["/"] else parameters
        word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        returns = self.annotation(node.returns)
        return _laid_out(f"{word} {name or node.name}", parameters, f" -> {returns}" if returns else "")

    def class_(self, node: ast.ClassDef, init: Function | None) -> str:
        """`class Name(…)` with what its constructor takes: fields of a record, else those of `__init__`."""
        if is_record(node):
            parameters = list(self._record(node))
        else:
            parameters = list(self._parameters(init.args))[1:] if init else []
        return _laid_out(f"class {node.name}", parameters, "") if parameters or init else f"class {node.name}"

    def _parameters(self, args: ast.arguments) -> Iterator[str]:
        plain = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
        for number, (arg, default) in enumerate(zip(plain, [*defaults, *args.defaults], strict=True), 1):
            yield self._parameter(arg, default)
            if number == len(args.posonlyargs):
                yield "/"
        if args.vararg:
            yield "*" + self._parameter(args.vararg, None)
        elif args.kwonlyargs:
            yield "*"
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            yield self._parameter(arg, default)
        if args.kwarg:
            yield "**" + self._parameter(args.kwarg, None)

    def _parameter(self, arg: ast.arg, default: ast.expr | None) -> str:
        annotation = self.annotation(arg.annotation)
        text = f"{arg.arg}: {annotation}" if annotation else arg.arg
        sign = " = " if annotation else "="
        return text if default is None else text + sign + self.text(default)

    def _record(self, node: ast.ClassDef) -> Iterator[str]:
        if any("kw_only=True" in ast.unparse(decorator) for decorator in node.decorator_list):
            yield "*"
        for item in fields(node):
            default = self._default(item.value)
            if default is not None:
                text = f"{ast.unparse(item.target)}: {self.annotation(item.annotation)}"
                yield text + (f" = {default}" if default else "")

    def _default(self, value: ast.expr | None) -> str | None:
        """The default of a field, "" if it has none, None if the constructor does not take it."""
        if not (isinstance(value, ast.Call) and ast.unparse(value.func).endswith("field")):
            return self.text(value)
        given = {keyword.arg: keyword.value for keyword in value.keywords}
        if "init" in given and ast.unparse(given["init"]) == "False":
            return None
        if "default_factory" in given:
            return f"{self.text(given['default_factory'])}()"
        return self.text(given.get("default"))


def is_record(node: ast.ClassDef) -> bool:
    """True for a dataclass or a NamedTuple."""
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    bases = [ast.unparse(base) for base in node.bases]
    dataclass = any(text.split("(")[0].endswith("dataclass") for text in decorators)
    return dataclass or any(base.endswith("NamedTuple") for base in bases)


def fields(node: ast.ClassDef) -> Iterator[ast.AnnAssign]:
    """Public annotated names in the body of a class, class variables left out."""
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            private = item.target.id.startswith("_")
            if not private and not ast.unparse(item.annotation).startswith(("ClassVar", "typing.ClassVar")):
                yield item


def _laid_out(start: str, parameters: list[str], end: str) -> str:
    line = f"{start}({', '.join(parameters)}){end}"
    if len(line) <= _WIDTH or not parameters:
        return line
    return "\n".join([f"{start}(", *(f"    {parameter}," for parameter in parameters), f"){end}"])


def annotated(tree: ast.AST) -> set[str]:
    """The plain names in all annotations of a module, quoted ones included."""
    found: set[str] = set()
    for node in ast.walk(tree):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.expr):
                found |= {name.id for name in _names(annotation)}
    return found


def _names(annotation: ast.expr) -> Iterator[ast.Name]:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            yield node
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                yield from _names(ast.parse(node.value, mode="eval").body)
            except (SyntaxError, ValueError):
                continue
