"""The scheduler: a budget of tokens for each step, decodes first, then prefills in chunks."""

from collections import deque
from dataclasses import dataclass, field

from kvist.errors import KvistError


@dataclass
class Request:
    """A prompt of `num_prompt_tokens`; `num_computed_tokens` of it and of its answer are in the cache."""

    name: str
    num_prompt_tokens: int
    num_computed_tokens: int = 0

    @property
    def is_prefill(self) -> bool:
        """True until the whole prompt has been computed."""
        return self.num_computed_tokens < self.num_prompt_tokens


@dataclass
class Scheduler:
    """Continuous batching with chunked prefill.

    A step computes at most `max_num_batched_tokens` tokens of at most `max_num_seqs` requests. Running
    requests come first, one token for each that decodes, so that a long prompt never holds an answer up; what
    is left of the budget goes to prompts, in order, in pieces; then waiting requests are let in.
    Source: Agrawal et al. 2024, Sarathi-Serve, section 4.1 and algorithm 3.
    """

    max_num_seqs: int
    max_num_batched_tokens: int
    waiting: deque[Request] = field(default_factory=deque)
    running: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.max_num_seqs < 1 or self.max_num_batched_tokens < self.max_num_seqs:
            got = f"{self.max_num_seqs} sequences, {self.max_num_batched_tokens} tokens"
            raise KvistError("Scheduler", "at least one sequence, and a token of budget for each", got)

    def add(self, request: Request) -> None:
        if request.num_prompt_tokens < 1:
            raise KvistError("Scheduler.add", "a prompt of at least 1 token", f"{request.num_prompt_tokens}")
        self.waiting.append(request)

    def schedule(self) -> dict[str, int]:
        """Tokens to compute in the next step by the name of the request; {} when nothing is left to do."""
        budget, plan = self.max_num_batched_tokens, {}
        for request in self.running:
            if not request.is_prefill:
                plan[request.name] = 1
                budget -= 1
        for request in self.running:
            if request.is_prefill and budget:
                plan[request.name] = chunk_of(request, budget)
                budget -= plan[request.name]
        while self.waiting and budget and len(self.running) < self.max_num_seqs:
            request = self.waiting.popleft()
            self.running.append(request)
            plan[request.name] = chunk_of(request, budget)
            budget -= plan[request.name]
        return plan

    def computed(self, plan: dict[str, int]) -> None:
        """The step has run: each request of `plan` has so many tokens more in the cache."""
        for request in self.running:
            request.num_computed_tokens += plan.get(request.name, 0)

    def finish(self, name: str) -> None:
        """A request has its answer and gives up its place."""
        kept = [request for request in self.running if request.name != name]
        if len(kept) == len(self.running):
            raise KvistError("Scheduler.finish", "the name of a running request", repr(name))
        self.running = kept


def chunk_of(request: Request, budget: int) -> int:
    """Tokens of the prompt that the next step computes: what is left of it, or what the budget allows."""
    return min(request.num_prompt_tokens - request.num_computed_tokens, budget)
