"""Chunked prefill: the engine's own is `kvist.serve.Scheduler`."""

from types import ModuleType

from kvist.serve import Request, Scheduler


def _engine(prompt: int, num_decoding: int, budget: int) -> list[tuple[int, int]]:
    scheduler = Scheduler(num_decoding + 1, budget)
    scheduler.running = [Request(f"d{n}", 1, 1) for n in range(num_decoding)]
    scheduler.add(Request("long", prompt))
    pieces, done = [], 0
    while done < prompt:
        plan = scheduler.schedule()
        scheduler.computed(plan)
        pieces.append((done, plan["long"]))
        done += plan["long"]
    return pieces


def check_pieces(solution: ModuleType) -> None:
    """Cuts a prompt as the engine's scheduler does."""
    for case in ((20, 1, 8), (20, 0, 8), (3, 2, 8), (16, 0, 8), (100, 31, 32)):
        got, want = list(solution.chunks(*case)), _engine(*case)
        assert got == want, f"for prompt, decoding, budget = {case} need {want[:4]}…, got {got[:4]}…"


def check_whole(solution: ModuleType) -> None:
    """No token is computed twice and none is left out."""
    pieces = solution.chunks(1000, 7, 64)
    covered = [token for start, count in pieces for token in range(start, start + count)]
    assert covered == list(range(1000)), "the pieces do not add up to the prompt"
