"""The options that say what a text is: folders of includes, macros, function constants."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kvist.errors import KvistError
from kvist.metal.cli import values
from kvist.metal.function_constants import FunctionConstant, values_of
from kvist.metal.source import Source, load


def add_text_options(parser: argparse.ArgumentParser) -> None:
    """-I, -D and --constant, each of which may be repeated."""

    def add(*names: str, metavar: str, told: str) -> None:
        parser.add_argument(*names, action="append", default=[], metavar=metavar, help=told)

    add("-I", "--include", metavar="DIR", told="where #include looks besides the file's folder")
    add("-D", "--define", metavar="NAME[=VALUE]", told="a macro, as a compiler's -D; its value is 1 without")
    add("--constant", metavar="NAME=VALUE", told="a function constant, by name or index")


def source_of(file: str, arguments: argparse.Namespace) -> Source:
    """The file with the macros of -D; KvistError for one that cannot be read and for what is no macro."""
    return replace(load(Path(file)), defines=tuple(_macros(arguments.define).items()))


def _macros(texts: Sequence[str]) -> dict[str, str]:
    macros: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) or "\n" in value:
            raise KvistError("-D", "NAME or NAME=VALUE", repr(text))
        if name in macros:
            raise KvistError("-D", f"one value for {name}", "two")
        macros[name] = value if equals else "1"
    return macros


def unique(texts: Sequence[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` pairs; KvistError for a name that stands twice."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, value = values.pair(text, option)
        if name in pairs:
            raise KvistError(option, f"one value for {name}", "two")
        pairs[name] = value
    return pairs


def constants_of(texts: Sequence[str]) -> dict[str | int, Any]:
    """The values of --constant, by what stands in front of `=`."""
    return {name: value for name, value in unique(texts, "--constant").items()}


def checked_constants(
    texts: Sequence[str], declared: Sequence[FunctionConstant], where: str
) -> dict[str, str]:
    """The same by name, after a look at the constants that the text declares."""
    return values_of(declared, constants_of(texts), where)
