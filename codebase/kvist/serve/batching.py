"""Steps that a batch of requests takes when it must wait for the longest, and when it need not."""

from collections.abc import Sequence

from kvist.errors import KvistError


def static_batching_steps(lengths: Sequence[int], batch_size: int) -> int:
    """Decode steps for answers of `lengths` tokens when a batch is full until its longest answer ends."""
    _check(lengths, batch_size)
    return sum(max(lengths[start : start + batch_size]) for start in range(0, len(lengths), batch_size))


def continuous_batching_steps(lengths: Sequence[int], batch_size: int) -> int:
    """Decode steps for the same answers when a finished one gives its place to the next in line at once.

    Source: Yu et al. 2022, Orca, section 3.1, iteration-level scheduling.
    """
    _check(lengths, batch_size)
    waiting, steps = list(lengths), 0
    running: list[int] = []  # tokens that each still has to write
    while waiting or running:
        while waiting and len(running) < batch_size:
            running.append(waiting.pop(0))
        running = [left - 1 for left in running if left > 1]
        steps += 1
    return steps


def _check(lengths: Sequence[int], batch_size: int) -> None:
    if batch_size < 1 or any(length < 1 for length in lengths):
        got = f"batch_size={batch_size}, lengths {list(lengths)}"
        raise KvistError("batching", "a batch of at least 1 and answers of at least 1 token", got)
