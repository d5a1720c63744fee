"""Pieces of process state that a note may change: how to read each one and how to put it back.

`start` gives the value that a note begins with; None means that of the host. What belongs to a library that
is not imported has the value None, and is left alone.
"""

import _signal
import builtins
import os
import signal
import sys
import threading
import time
import warnings
from _locale import LC_ALL, setlocale  # what `locale` is built on, without its tables
from collections.abc import Callable
from operator import is_
from random import Random, getstate, setstate
from types import ModuleType
from typing import Any, NamedTuple

SEED = 0
FOLDER = f"{os.sep}kvist-notes-"  # the beginning of the names of notes' own folders
_SIGNAL_NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGHUP")
_SIGNALS = [int(getattr(signal, name)) for name in _SIGNAL_NAMES if hasattr(signal, name)]
_RANDOM_START = Random(SEED).getstate()
_ZONE = os.environ.encodekey("TZ")  # type: ignore[attr-defined]
_HOOKS = ("displayhook", "excepthook", "unraisablehook", "stdin", "stdout", "stderr")


class Aspect(NamedTuple):
    get: Callable[[], Any]
    put: Callable[[Any], None]
    start: Callable[[], Any] | None = None


def encoded_environ() -> dict[Any, Any]:
    """The environment as `os.environ` keeps it: decoding it for each block can cost more than the block."""
    return os.environ._data  # type: ignore[attr-defined, no-any-return]


def _set_environ(values: dict[Any, Any]) -> None:
    now = encoded_environ()
    if now == values:
        return
    zone = now.get(_ZONE)
    for name in now.keys() - values.keys():
        os.unsetenv(name)
        del now[name]
    for name, value in values.items():
        if now.get(name) != value:
            os.putenv(name, value)
            now[name] = value
    if now.get(_ZONE) != zone and hasattr(time, "tzset"):
        time.tzset()


def _get_list(name: str) -> Callable[[], tuple[list[Any], list[Any]]]:
    """The list `sys.<name>` itself and a copy, as a note may change the list or put another in its place."""
    return lambda: (getattr(sys, name), list(getattr(sys, name)))


def _set_list(name: str) -> Callable[[tuple[list[Any], list[Any]]], None]:
    def put(value: tuple[list[Any], list[Any]]) -> None:
        target, content = value
        target[:] = content
        setattr(sys, name, target)

    return put


def _set_filters(values: list[Any]) -> None:
    if warnings.filters != values:
        warnings.filters[:] = values  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]


def _get_builtins() -> dict[str, Any]:
    return dict(vars(builtins))


def _set_builtins(values: dict[str, Any]) -> None:
    now = vars(builtins)
    if now == values:
        return
    for name in [name for name in now if name not in values]:
        del now[name]
    for name, value in values.items():
        if now.get(name) is not value:
            now[name] = value


def _get_signals() -> list[Any]:
    return [_signal.getsignal(number) for number in _SIGNALS]  # `signal.getsignal` is ten times as dear


def _set_signals(handlers: list[Any]) -> None:
    if threading.current_thread() is threading.main_thread():
        for number, handler in zip(_SIGNALS, handlers, strict=True):
            if handler is not None and _signal.getsignal(number) is not handler:
                signal.signal(number, handler)


def _get_umask() -> int:
    now = os.umask(0o022)
    os.umask(now)
    return now


def _set_umask(value: int) -> None:
    os.umask(value)


def _get_hooks() -> list[Any]:
    return [getattr(sys, name) for name in _HOOKS]


def _set_hooks(values: list[Any]) -> None:
    for name, value in zip(_HOOKS, values, strict=True):
        setattr(sys, name, value)


def _get_locale() -> str:
    return setlocale(LC_ALL)


def _set_locale(value: str) -> None:
    if setlocale(LC_ALL) != value:
        setlocale(LC_ALL, value)


def _get_logging() -> tuple[Any, ...] | None:
    module = sys.modules.get("logging")
    if module is None:
        return None
    root = module.getLogger()
    return root.level, list(root.handlers), list(root.filters), root.manager.disable


def _set_logging(state: tuple[Any, ...] | None) -> None:
    module = sys.modules.get("logging")
    if module is not None and _get_logging() != state:
        root = module.getLogger()
        level, handlers, filters, disabled = state or (module.WARNING, [], [], 0)
        root.setLevel(level)
        root.handlers[:], root.filters[:] = handlers, filters
        module.disable(disabled)


def _get_decimal() -> Any:
    module = sys.modules.get("decimal")
    return module.getcontext().copy() if module else None


def _set_decimal(context: Any) -> None:
    module = sys.modules.get("decimal")
    if module:
        module.setcontext(context.copy() if context is not None else module.DefaultContext.copy())


def _get_figure_style() -> dict[str, Any] | None:
    module = sys.modules.get("matplotlib")
    return dict(dict.items(module.rcParams)) if module and hasattr(module, "rcParams") else None


def _set_figure_style(values: dict[str, Any] | None) -> None:
    module = sys.modules.get("matplotlib")
    if module and hasattr(module, "rcParams"):
        wanted = values if values is not None else dict(dict.items(module.rcParamsDefault))
        if dict(dict.items(module.rcParams)) == wanted:
            return
        for name, value in dict.items(module.rcParams):
            if value is not wanted.get(name) and value != wanted.get(name):
                dict.__setitem__(module.rcParams, name, wanted[name])


def _get_modules() -> dict[str, ModuleType]:
    return dict(sys.modules)


def _set_modules(values: dict[str, ModuleType]) -> None:
    """Take back what was replaced or removed, and what was added; a true import of a library stays."""
    now, size = sys.modules, len(values)
    names = list(now)
    if names[:size] == list(values) and all(map(is_, now.values(), values.values())):
        added = names[size:]
    else:  # not only were others added at the end
        now.update(values)
        added = [name for name in now if name not in values]
    for name in added:
        if getattr(now[name], "__spec__", None) is None or FOLDER in (
            getattr(now[name], "__file__", "") or ""
        ):
            del now[name]
    for place in [place for place in sys.path_importer_cache if place[:1] != os.sep or FOLDER in place]:
        del sys.path_importer_cache[place]


ASPECTS: dict[str, Aspect] = {
    "environ": Aspect(lambda: dict(encoded_environ()), _set_environ),
    "path": Aspect(_get_list("path"), _set_list("path")),
    "path_hooks": Aspect(_get_list("path_hooks"), _set_list("path_hooks")),
    "argv": Aspect(_get_list("argv"), _set_list("argv"), lambda: ([], ["note"])),
    "filters": Aspect(lambda: list(warnings.filters), _set_filters),
    "random": Aspect(getstate, setstate, lambda: _RANDOM_START),
    "builtins": Aspect(_get_builtins, _set_builtins),
    "hooks": Aspect(_get_hooks, _set_hooks),
    "recursion": Aspect(sys.getrecursionlimit, sys.setrecursionlimit),
    "signals": Aspect(_get_signals, _set_signals),
    "umask": Aspect(_get_umask, _set_umask),
    "locale": Aspect(_get_locale, _set_locale),
    "logging": Aspect(_get_logging, _set_logging),
    "decimal": Aspect(_get_decimal, _set_decimal, lambda: None),
    "figures": Aspect(_get_figure_style, _set_figure_style),
    "modules": Aspect(_get_modules, _set_modules),
}
