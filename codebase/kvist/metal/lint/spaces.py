"""Address spaces and types, checked by clang.

libclang (an optional package) parses the text as C++ with device, constant and threadgroup as address spaces
of clang's own and a header that only declares. The header is not Metal's, so of the errors that clang finds
only those are believed that do not depend on what the header lacks.
"""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

from kvist.metal.lint.diagnostics import Error, judge
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.translate import Translated, translate
from kvist.metal.lint.unit import Unit

_HERE = Path(__file__).parent
_TIME_LIMIT = 20.0  # seconds
# A target with half and bfloat, whatever this machine is; nothing is compiled.
_ARGUMENTS = [
    "-x",
    "c++",
    "-std=c++17",
    "-target",
    "x86_64-unknown-linux-gnu",
    "-nostdinc",
    "-nostdinc++",
    "-fsyntax-only",
    "-Werror=vla-extension",
    "-Werror=constant-conversion",
    "-Werror=return-type",
    "-Werror=uninitialized",
    "-Wno-sometimes-uninitialized",
    "-Wimplicit-float-conversion",  # most are float to half, which is fine, and errors are counted
    "-Wno-implicit-int-float-conversion",
    "-flax-vector-conversions=none",
    "-Xclang",
    "-cl-single-precision-constant",
]
_ARGUMENTS += ["-ferror-limit=200", "-ftemplate-depth=200", "-fconstexpr-steps=100000"]
_ARGUMENTS += ["-ftemplate-backtrace-limit=0"]
_ARGUMENTS += ["-include", str(_HERE / "declarations.h")]
RAN = "ran"
_FRACTION = r"(?<![\w.])(?:\d[\d']*\.|\.\d|\d+[eE])"


def check_spaces(unit: Unit, unresolved: str) -> tuple[str, list[Problem]]:
    """`ran` or the reason why not, and the problems."""
    if unresolved:
        return f"skipped: {unresolved}", []
    if importlib.util.find_spec("clang") is None or importlib.util.find_spec("clang.cindex") is None:
        return "skipped: the package libclang is not installed (pip install libclang)", []
    made = translate(unit)
    try:
        found = _parse(made)
    except subprocess.TimeoutExpired:
        return f"skipped: clang took more than {_TIME_LIMIT:.0f} s", []
    if isinstance(found, str):
        return f"skipped: {found}", []
    return RAN, judge(unit, made, found)


def _places(text: str, pattern: str) -> list[int]:
    """Offsets, in bytes."""
    found = [m.start() for m in re.finditer(pattern, text)]
    return found if text.isascii() else [len(text[:offset].encode()) for offset in found]


def _parse(made: Translated) -> list[Error] | str:
    own = made.text[: made.added]
    given = {"text": made.text, "arguments": _ARGUMENTS, "conditions": _places(own, "[?]")}
    given["fractions"] = _places(own, _FRACTION) if "bfloat" in own else []
    package = importlib.util.find_spec("clang")
    folder = Path(next(iter(package.submodule_search_locations or [""]))).parent if package else Path()
    done = subprocess.run(
        [sys.executable, "-S", "-E", str(_HERE / "clang_worker.py"), str(folder)],  # starts sooner
        input=json.dumps(given),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIME_LIMIT,
    )
    try:
        return [Error(*error) for error in json.loads(done.stdout)]
    except ValueError:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return f"clang could not parse the text: {reason[0][:200]}"
