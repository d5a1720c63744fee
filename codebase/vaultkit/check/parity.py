"""Both languages say the same: headings, code, control words, outputs, block ids."""

from collections.abc import Iterator
from itertools import zip_longest

from vaultkit.check.align import aligned, dump, same_code
from vaultkit.check.carry import setup, words
from vaultkit.check.parity_text import check_callouts, check_linked
from vaultkit.errors import Problem
from vaultkit.lists.items import is_list
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
            yield from check_callouts(english, vault.notes[path])
            if not is_list(english):  # whose items are compared one by one
                yield from check_linked(vault, english, vault.notes[path])


def _blocks(note: Note) -> list[Block]:
    return program_of(note.path, note.scan).blocks


def _code(english: Note, chinese: Note) -> Iterator[Problem]:
    for a, b in aligned(_blocks(english), _blocks(chinese)):
        if a is None and b is not None:
            message = f"a Python block that {english.path} has not"
            yield Problem(chinese.path, b.line, "parity-code", message, "add it there, or delete it here")
        elif a is not None and b is None:
            message = f"the Python block of {english.path}:{a.line} is missing"
            yield Problem(chinese.path, 0, "parity-code", message, "check --fix puts it in its place")
        elif a is not None and b is not None:
            yield from _block(chinese, a, b, f"{english.path}:{a.line}")


def _block(chinese: Note, a: Block, b: Block, where: str) -> Iterator[Problem]:
    if not same_code(a.fence.code, b.fence.code):
        hint = "run check --fix to copy the English code"
        yield Problem(chinese.path, b.line, "parity-code", f"code differs from {where}", hint)
    elif _identical(a, b) and not _same_output(a, b):
        message = f"same code, but other output than at {where}"
        yield Problem(chinese.path, b.fence.end_line, "parity-output", message, "vaultkit update both")
    if words(a) != words(b):
        message = f"control comment differs from {where}"
        hint = "skip, raises, requires and fresh must agree; reasons may be translated"
        yield Problem(chinese.path, b.line, "parity-code", message, hint)
    if not same_code(setup(a), setup(b)):
        message = f"set-up differs from that of {where}"
        yield Problem(chinese.path, b.line, "parity-code", message, "run check --fix to copy the English one")


def _identical(a: Block, b: Block) -> bool:
    """True if the code differs in comments and layout at most, so that both must print the same."""
    ours, theirs = a.fence.code, b.fence.code
    return ours == theirs or dump(ours, strings=True) == dump(theirs, strings=True)


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
