"""Guards batching and the scheduler: budgets hold, decodes are never held up, everyone is served."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvist.errors import KvistError
from kvist.serve import Request, Scheduler, continuous_batching_steps, static_batching_steps


def test_steps() -> None:
    lengths = [10, 1, 1, 1, 10, 1, 1, 1]
    assert static_batching_steps(lengths, 4) == 20
    assert continuous_batching_steps(lengths, 4) == 11
    assert static_batching_steps([], 4) == continuous_batching_steps([], 4) == 0


@given(st.lists(st.integers(1, 9), max_size=20), st.integers(1, 6))
def test_continuous_is_never_slower_and_never_faster_than_the_work(lengths: list[int], size: int) -> None:
    steps = continuous_batching_steps(lengths, size)
    assert (
        max(-(-sum(lengths) // size), max(lengths, default=0))
        <= steps
        <= static_batching_steps(lengths, size)
    )


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 5)), min_size=1, max_size=8),
    st.integers(1, 4),
    st.integers(0, 12),
)
def test_everyone_is_served_within_the_budget(work: list[tuple[int, int]], seqs: int, extra: int) -> None:
    scheduler = Scheduler(seqs, seqs + extra)
    answers = {f"r{n}": answer for n, (_, answer) in enumerate(work)}
    for number, (prompt, _) in enumerate(work):
        scheduler.add(Request(f"r{number}", prompt))
    for _ in range(1000):
        decoding = {request.name for request in scheduler.running if not request.is_prefill}
        plan = scheduler.schedule()
        if not plan:
            break
        assert sum(plan.values()) <= scheduler.max_num_batched_tokens and len(plan) <= seqs
        assert decoding <= set(plan) and all(plan[name] == 1 for name in decoding)
        scheduler.computed(plan)
        for request in list(scheduler.running):
            if request.num_computed_tokens == request.num_prompt_tokens + answers[request.name] - 1:
                scheduler.finish(request.name)
    assert not scheduler.running and not scheduler.waiting


def test_a_long_prompt_comes_in_pieces() -> None:
    scheduler = Scheduler(2, 8)
    scheduler.add(Request("short", 3))
    scheduler.computed(scheduler.schedule())
    scheduler.add(Request("long", 20))
    plans = []
    for _ in range(3):
        plans.append(scheduler.schedule())
        scheduler.computed(plans[-1])
    assert plans == [{"short": 1, "long": 7}, {"short": 1, "long": 7}, {"short": 1, "long": 6}]


def test_bad_input() -> None:
    with pytest.raises(KvistError, match="a token of budget for each"):
        Scheduler(4, 3)
    with pytest.raises(KvistError, match="at least 1 token"):
        Scheduler(1, 1).add(Request("x", 0))
    with pytest.raises(KvistError, match="a running request"):
        Scheduler(1, 1).finish("x")
    with pytest.raises(KvistError, match="batch of at least 1"):
        static_batching_steps([1], 0)
