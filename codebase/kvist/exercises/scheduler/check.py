"""Scheduling: the engine's own is `kvist.serve.Scheduler`, which also cuts prompts into chunks."""

from types import ModuleType

from kvist.serve import Request, Scheduler


def check_decodes_first(solution: ModuleType) -> None:
    """Requests that decode get one token each, whatever waits."""
    got = solution.schedule(["a", "b"], [("c", 6)], 4, 8)
    assert got == {"a": 1, "b": 1, "c": 6}, f"need a 1, b 1, c 6, got {got}"


def check_budget(solution: ModuleType) -> None:
    """A prompt that does not fit waits, and those behind it too."""
    got = solution.schedule(["a"], [("b", 3), ("c", 9), ("d", 1)], 8, 8)
    assert got == {"a": 1, "b": 3}, f"need a 1, b 3, got {got}"


def check_places(solution: ModuleType) -> None:
    """No more requests than places."""
    got = solution.schedule(["a", "b"], [("c", 1), ("d", 1)], 3, 100)
    assert got == {"a": 1, "b": 1, "c": 1}, f"need a, b, c, got {got}"


def check_like_the_engine(solution: ModuleType) -> None:
    """Is the engine's plan when every prompt fits."""
    engine = Scheduler(3, 32)
    for name, length in (("a", 5), ("b", 7), ("c", 11), ("d", 2)):
        engine.add(Request(name, length))
    want = engine.schedule()
    got = solution.schedule([], [("a", 5), ("b", 7), ("c", 11), ("d", 2)], 3, 32)
    assert got == want, f"need {want}, got {got}"
