"""Check a Metal text against the language, without Apple's compiler."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from kvist.errors import KvistError
from kvist.metal.compiler import MissingHeader, compiler
from kvist.metal.lint import spaces
from kvist.metal.lint.lexical import balanced, includes, not_ascii, note_on_comments, without_comments
from kvist.metal.lint.library import check_library, notes_on
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.rules import RULES
from kvist.metal.lint.unit import HEADER_SUFFIXES, Unit
from kvist.metal.lint.vocabulary import HEADERS, called_by_mlx, check_vocabulary
from kvist.metal.preprocess import MLX_INCLUDE, preprocess
from kvist.metal.source import Source, load
from kvist.metal.tokens import significant, tokenize

RAN = "ran"
_OF_WHAT_IS_MISSING = ("undeclared", "instantiation", "global-space")  # types and macros of a missing header
_MAX_CHARACTERS = 1 << 20
_MAX_PROBLEMS = 200  # of a rule


@dataclass(frozen=True, slots=True)
class Linted:
    """The problems of a file, in order; for each check `ran` or why it was skipped; what was left alone."""

    file: str
    problems: tuple[Problem, ...]
    checks: dict[str, str]
    notes: tuple[str, ...] = ()


def lint(kernel: str | Path | Source, *, include: Sequence[str | Path] = ()) -> Linted:
    """The problems of a .metal file, or of a text with a line break in it.

    rules: what the language forbids, told from the tokens. address_spaces: clang parses the text with device,
    constant, threadgroup and thread as address spaces. vocabulary: every called name is there. A check that
    cannot be made says why. include: folders for `#include`; MLX's own headers are found without.
    Raises KvistError for a file that cannot be read.
    """
    source = load(kernel)
    shown = str(source.path or source.label)
    raw = source.text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if len(raw) > _MAX_CHARACTERS:
        raise KvistError(shown, f"at most {_MAX_CHARACTERS} characters", str(len(raw)))
    code, problems = without_comments(raw)
    header = source.path is not None and source.path.suffix in HEADER_SUFFIXES
    problems += islice(not_ascii(code), _MAX_PROBLEMS)
    code_only = code
    code, found = includes(raw, code)
    problems += found
    text, found, unresolved = _preprocessed(replace(source, text=code), [Path(f) for f in include])
    problems += [p for p in found if all(p.line != q.line or q.code != "include" for q in problems)]
    text, found = balanced(text, source.label)
    broken = any("nested" in p.message or p.message.startswith("`") for p in found)
    problems += found
    checks = {}
    notes: tuple[str, ...] = ()
    if broken:
        found = []
        checks = dict.fromkeys(
            ("rules", "address_spaces", "vocabulary"), "skipped: the brackets do not match"
        )
    else:
        unit = Unit(raw, text, source.label, significant(tokenize(text)))
        found = [p for rule in RULES for p in islice(rule(unit), _MAX_PROBLEMS)]
        if unresolved:
            found = [p for p in found if p.code not in _OF_WHAT_IS_MISSING]
        if not header:
            found += [] if unresolved else check_library(unit)
            notes = (*notes_on(unit), *note_on_comments(raw, code_only))
        checks["rules"] = RAN
        checks["address_spaces"], more = spaces.check_spaces(unit, unresolved)
        checks["vocabulary"], calls = _vocabulary(unit, unresolved)
        for p in [*calls, *more]:
            if not _said(p, found):
                found.append(p)
        found = _unique(found)
    problems += [p for p in found if not p.file.startswith(str(MLX_INCLUDE))]
    named = {replace(p, file=shown if p.file in ("", source.label) else p.file) for p in problems}
    return Linted(shown, tuple(sorted(named, key=lambda p: (p.file != shown, p.file, p))), checks, notes)


def _vocabulary(unit: Unit, unresolved: str) -> tuple[str, list[Problem]]:
    if unresolved:
        return f"skipped: {unresolved}", []
    known = called_by_mlx(defined=Path(unit.label).suffix in HEADER_SUFFIXES)
    if not known:
        return f"skipped: this MLX has no Metal headers in {HEADERS}", []
    return RAN, list(islice(check_vocabulary(unit, known), _MAX_PROBLEMS))


def _said(p: Problem, found: Sequence[Problem]) -> bool:
    """Whether a rule has said something about this line already, at the same column or of the same kind."""
    return any(
        p.line == q.line and p.file == q.file and (p.column == q.column or p.code == q.code) for q in found
    )


def _unique(found: Sequence[Problem]) -> list[Problem]:
    """One problem of each code, line and column."""
    seen: dict[tuple[str, int, int, str], Problem] = {}
    for p in found:
        seen.setdefault((p.file, p.line, p.column, p.code), p)
    return list(seen.values())


def _preprocessed(source: Source, include: Sequence[Path]) -> tuple[str, list[Problem], str]:
    """The text, problems of the preprocessor, and why names may be missing from the text."""
    problems: list[Problem] = []
    while True:
        try:
            made = preprocess(source, include)
            return made.text, problems, _unresolved(problems)
        except KvistError as error:
            place = re.match(rf"{re.escape(source.label)}:(\d+)$", error.where)
            line = int(place[1]) if place else 1
            missing = error.need.removeprefix("the header ") if isinstance(error, MissingHeader) else ""
            message = f"there is no {missing}" if missing else error.got.removeprefix("the error: ")
        lines = source.text.split("\n")
        if missing and place and lines[line - 1].strip():
            # Go on without it: its macros and types are unknown, the rest of the text is not.
            problems.append(Problem(line, 1, "include", message, "-I FOLDER says where quoted includes are"))
            lines[line - 1] = ""
            source = replace(source, text="\n".join(lines))
            continue
        plain = "\n".join("" if re.match(r"\s*#\s*include", text) else text for text in lines)
        try:
            compiler()
        except KvistError:
            return plain, problems, "there is no C++ compiler to resolve includes and macros"
        code, hint = ("include", "-I FOLDER says where they are") if missing else ("preprocessor", "")
        problems.append(Problem(line, 1, code, message, hint))
        return plain, problems, "the includes could not be resolved"


def _unresolved(problems: Sequence[Problem]) -> str:
    if not problems:
        return ""
    names = [p.message.removeprefix("there is no ") for p in problems]
    listed = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if names[4:] else "")
    return f"the includes could not be resolved: need {listed}"
