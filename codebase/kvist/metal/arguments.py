"""Whether the arguments of `emulate` are of the right kind."""

import math
from collections.abc import Collection, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from kvist.errors import KvistError

ORDERS = ("forward", "reverse", "random")
MAX_THREADS = 1024  # per threadgroup, on every Apple GPU


def check_kinds(name: Any, template: Any, constants: Any, memory: Any, include: Any, allow: Any) -> None:
    """Raise KvistError for what is no name, mapping or list."""

    def need(fits: bool, argument: str, kind: str, value: Any) -> None:
        if not fits:
            raise KvistError("emulate", f"{argument}={kind}", repr(value)[:80])

    need(name is None or isinstance(name, str), "name", "the name of a kernel", name)
    for argument, given, kind in (
        ("template", template, "{'T': mx.float16}"),
        ("constants", constants, "{'name': value}"),
        ("threadgroup_memory", memory, "{'name': bytes}"),
    ):
        need(given is None or isinstance(given, Mapping), argument, kind, given)
    sizes = (memory or {}).values()
    sized = all(isinstance(n, Integral) and not isinstance(n, bool) and int(n) > 0 for n in sizes)
    need(sized, "threadgroup_memory", "{'name': bytes}", memory)
    folders = isinstance(include, Sequence) and not isinstance(include, str | bytes)
    need(folders and all(isinstance(f, str | Path) for f in include), "include", "[folders]", include)
    kinds = isinstance(allow, Collection) and not isinstance(allow, str | bytes | Mapping)
    need(kinds and all(isinstance(k, str) for k in allow), "allow", "[kinds of reports]", allow)


def sizes_of(
    grid: Sequence[int] | int, threadgroup: Sequence[int] | int, order: str, where: str
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Threads of the grid and of a threadgroup, three numbers each."""
    if order not in ORDERS:
        raise KvistError(where, f"order {', '.join(ORDERS)}", repr(order))
    whole, group = _three(grid, "grid", 0, where), _three(threadgroup, "threadgroup", 1, where)
    threads = math.prod(min(t, max(g, 1)) for t, g in zip(group, whole, strict=True))
    if threads > MAX_THREADS:
        raise KvistError(where, f"at most {MAX_THREADS} threads in a threadgroup", str(threads))
    return whole, group


def _three(size: Any, title: str, least: int, where: str) -> tuple[int, int, int]:
    if isinstance(size, Integral):
        size = (size, 1, 1)
    try:
        given = tuple(size)
    except TypeError:
        given = ()
    numbers = (*given, 1, 1)
    fits = all(isinstance(n, Integral) and least <= int(n) < 2**31 for n in given)
    if not 1 <= len(given) <= 3 or not fits:
        raise KvistError(where, f"{title} of one to three whole numbers from {least}", repr(size))
    return int(numbers[0]), int(numbers[1]), int(numbers[2])


def check_numbers(seed: Any, time_limit: Any, where: str) -> None:
    """Raise KvistError for a seed or time limit that is none."""
    if not isinstance(seed, Integral) or not -(2**63) <= int(seed) < 2**64:
        raise KvistError(where, "a whole number of at most 64 bits as seed", repr(seed))
    if not isinstance(time_limit, Real) or not 0 < float(time_limit) < 1e6:
        raise KvistError(where, "time_limit in seconds, more than 0 and below 1e6", repr(time_limit))
