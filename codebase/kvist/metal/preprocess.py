"""Run the C preprocessor over Metal source: quoted includes, macros, conditions, as Apple's compiler would.

What comes out is one text without macros of the file, in which kernels and address spaces stand plainly, with
`#line` directives that say where each line came from.
"""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal.compiler import compiler, refusal
from kvist.metal.files import angle_folder
from kvist.metal.places import place_of
from kvist.metal.source import Source
from kvist.metal.tokens import open_bracket, significant, tokenize

# What Apple's compiler defines. 3.1 is the language version of macOS 14, the oldest that MLX runs on.
MACROS = {
    "__METAL__": "1",
    "__METAL_VERSION__": "310",
    "__METAL_MACOS__": "1",
    "__HAVE_BFLOAT__": "1",
    "__HAVE_SIMDGROUP_MATRIX__": "1",
}
# <...> headers that the stand-in <metal_stdlib> covers.
ANGLE = (
    "metal_stdlib",
    "metal_atomic",
    "metal_array",
    "metal_common",
    "metal_compute",
    "metal_config",
    "metal_extended_vector",
    "metal_geometric",
    "metal_graphics",
    "metal_integer",
    "metal_limits",
    "metal_logging",
    "metal_math",
    "metal_matrix",
    "metal_pack",
    "metal_packed",
    "metal_quadgroup",
    "metal_relational",
    "metal_simdgroup",
    "metal_simdgroup_matrix",
    "metal_texture",
    "metal_type_traits",
    "metal_types",
    "metal_uniform",
    "metal_vector",
    "simd/simd.h",
    "TargetConditionals.h",
)
# `#include "mlx/backend/metal/kernels/utils.h"`, which kernels for MLX ask for, is in its wheel.
MLX_INCLUDE = Path(mx.__file__).parent / "include"
Macros = tuple[tuple[str, str], ...]
_PLAIN = re.compile(r"[ \t]*#[ \t]*(?:include[ \t]*<([\w./]+)>[^\n]*|pragma\b[^\n]*|line\b[^\n]*)$")
_DIRECTIVE = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_PREDEFINED = re.compile(r"\b__METAL_(?:VERSION|MACOS)__\b|\b__METAL__\b|\b__HAVE_\w+__\b")
_LINE_MARKER = re.compile(r'^# (\d+) ("(?:\\.|[^"\\])*")[ \d]*$', re.MULTILINE)


def preprocess(source: Source, include: Sequence[Path] = ()) -> Source:
    """`source` without includes, macros and conditions. `include`: folders that `#include` searches.

    Raises KvistError, with file and line, for an include that is not there and the like.
    """
    directives = [d.group() for d in _DIRECTIVE.finditer(source.text)]
    matches = [_PLAIN.match(directive) for directive in directives]
    plain = all(m and (m.group(1) is None or m.group(1) in ANGLE) for m in matches)
    defined = any(re.search(rf"\b{name}\b", source.text) for name, _ in source.defines)
    if plain and not defined and not _PREDEFINED.search(source.text):
        return replace(source, text=_DIRECTIVE.sub(_without_include, source.text))
    folders = tuple(str(folder) for folder in include)
    quoted = str(source.path.parent) if source.path is not None else ""
    if any("include" in d and m is None for d, m in zip(directives, matches, strict=True)) or include:
        text = _preprocessed(source.text, source.label, quoted, folders, source.defines)
    else:
        text = _remembered(source.text, source.label, quoted, folders, source.defines)
    return replace(source, text=text)


def whole(source: Source, include: Sequence[Path] = ()) -> Source:
    """`preprocess`; raises KvistError, with file and line, also where brackets do not match.

    And for a folder of `include` that is not there.
    """
    require_folders(include)
    made = preprocess(source, include)
    found = open_bracket(significant(tokenize(made.text)))
    if found is not None:
        file, line = place_of(made.text, found[0].start, source.label)
        raise KvistError(f"{Path(file).name}:{line}", *found[1:])
    return made


def require_folders(include: Sequence[str | Path]) -> None:
    """Raise KvistError for what is no folder."""
    for folder in include:
        if not Path(folder).is_dir():
            raise KvistError("include", "a folder to look for includes in", f"{str(folder)!r}, which is none")


def _without_include(directive: re.Match[str]) -> str:
    return "" if "include" in directive.group() else directive.group()


@lru_cache(maxsize=32)
def _remembered(text: str, label: str, quoted: str, folders: tuple[str, ...], defines: Macros) -> str:
    return _preprocessed(text, label, quoted, folders, defines)


def _preprocessed(text: str, label: str, quoted: str, folders: tuple[str, ...], defines: Macros) -> str:
    command, _ = compiler()
    arguments = ["-E", "-x", "c++", "-std=c++17", "-undef", "-nostdinc", "-w"]
    arguments += [f"-D{name}={value}" for name, value in {**MACROS, **dict(defines)}.items()]
    arguments += ["-iquote", quoted] if quoted else []
    arguments += [f"-I{folder}" for folder in (*folders, str(MLX_INCLUDE))]
    arguments += ["-isystem", str(angle_folder(ANGLE)), "-"]
    shown = label.replace("\\", "\\\\").replace('"', '\\"')
    given = f'#line 1 "{shown}"\n{text}'
    done = subprocess.run(
        [*command, *arguments], input=given, capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        raise refusal(done.stderr, label, command[0], done.returncode)
    return _LINE_MARKER.sub(r"#line \1 \2", done.stdout)
