"""Both languages say the same: headings, code, control words, outputs, block ids."""

import ast
from collections.abc import Iterator
from itertools import zip_longest

from vaultkit.errors import Problem
from vaultkit.note import Note
from vaultkit.pairs import canonical, is_zh
from vaultkit.run.compare import has_ellipsis, output_lines, same_output
from vaultkit.run.program import Block, program_of
from vaultkit.vault import Vault


def check_parity(vault: Vault) -> Iterator[Problem]:
    for path in sorted(vault.notes):
        if not is_zh(path):
            continue
        english = vault.notes.get(canonical(path))
        if english is None:
            hint = f"write {canonical(path)}, or move this one beside it"
            yield Problem(path, 0, "no-english", "a Chinese note with no English note beside it", hint)
        else:
            yield from _headings(english, vault.notes[path])
            yield from _block_ids(english, vault.notes[path])
            yield from _code(english, vault.notes[path])


def same_code(english: str, chinese: str) -> bool:
    """True if two pieces of code differ in comments, layout and string literals only."""
    return _dump(english, strings=False) == _dump(chinese, strings=False)


def blocks_to_copy(english: Note, chinese: Note) -> list[tuple[Block, Block]]:
    """(English, Chinese) blocks whose code differs; [] when the numbers of blocks differ: no one can
    tell then.
    """
    ours, theirs = _blocks(english), _blocks(chinese)
    if len(ours) != len(theirs):
        return []
    return [(a, b) for a, b in zip(ours, theirs, strict=True) if not same_code(a.fence.code, b.fence.code)]


class _NoStrings(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        node.values = [value for value in node.values if not isinstance(value, ast.Constant)]
        return node


def _dump(code: str, *, strings: bool) -> str:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code
    return ast.dump(tree if strings else _NoStrings().visit(tree))


def _blocks(note: Note) -> list[Block]:
    return program_of(note.path, note.scan).blocks


def _code(english: Note, chinese: Note) -> Iterator[Problem]:
    ours, theirs = _blocks(english), _blocks(chinese)
    if len(ours) != len(theirs):
        message = f"{len(theirs)} Python blocks, but {len(ours)} in {english.path}"
        line = theirs[-1].line if len(theirs) > len(ours) else 0
        yield Problem(chinese.path, line, "parity-code", message, "both notes have the same blocks in order")
        return
    for a, b in zip(ours, theirs, strict=True):
        where = f"{english.path}:{a.line}"
        if not same_code(a.fence.code, b.fence.code):
            hint = "run check --fix to copy the English code"
            yield Problem(chinese.path, b.line, "parity-code", f"code differs from {where}", hint)
        elif _identical(a, b) and not _same_output(a, b):
            message = f"same code, but other output than at {where}"
            yield Problem(chinese.path, b.fence.end_line, "parity-output", message, "vaultkit update both")
        if _words(a) != _words(b):
            message = f"control comment differs from {where}"
            yield Problem(chinese.path, b.line, "parity-code", message, "skip, raises and fresh must agree")
        if not same_code(_setup(a), _setup(b)):
            message = f"set-up differs from that of {where}"
            yield Problem(chinese.path, b.line, "parity-code", message, "copy the English set-up")


def _words(block: Block) -> tuple[object, ...]:
    """What the control words of both languages must agree in; reasons and messages may be translated."""
    control = block.control
    return control.raises, bool(control.message), control.fresh, bool(control.skip), control.requires


def _setup(block: Block) -> str:
    return "\n".join(setup.code for setup in block.setups)


def _identical(a: Block, b: Block) -> bool:
    """True if the code differs in comments and layout at most, so that both must print the same."""
    return _dump(a.fence.code, strings=True) == _dump(b.fence.code, strings=True)


def _same_output(a: Block, b: Block) -> bool:
    ours = output_lines(a.output.code) if a.output else []
    theirs = output_lines(b.output.code) if b.output else []
    ellipsis = any(block.output and has_ellipsis(block.output) for block in (a, b))
    return same_output(ours, theirs, ellipsis=ellipsis) or same_output(theirs, ours, ellipsis=ellipsis)


def _headings(english: Note, chinese: Note) -> Iterator[Problem]:
    for a, b in zip_longest(english.headings, chinese.headings):
        if a and b and a.level == b.level:
            continue
        if a is None:
            message = f"heading `{b.text}` has no counterpart in {english.path}"
        elif b is None:
            message = f"no counterpart of `{a.text}` ({english.path}:{a.line})"
        else:
            message = f"heading of level {b.level} where {english.path}:{a.line} has level {a.level}"
        line = b.line if b else 0
        hint = "same headings, same levels, same order"
        yield Problem(chinese.path, line, "parity-headings", message, hint)
        return


def _block_ids(english: Note, chinese: Note) -> Iterator[Problem]:
    ours = {name.lower(): line for name, line in english.blocks.items()}
    theirs = {name.lower(): line for name, line in chinese.blocks.items()}
    for name in sorted(ours.keys() - theirs.keys()):
        message = f"block id ^{name} of {english.path}:{ours[name]} is missing"
        yield Problem(chinese.path, 0, "parity-block-id", message, "anchors across languages need it")
    for name in sorted(theirs.keys() - ours.keys()):
        message = f"block id ^{name} is not in {english.path}"
        hint = "add it there, or delete it here"
        yield Problem(chinese.path, theirs[name], "parity-block-id", message, hint)
