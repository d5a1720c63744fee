"""How to choose the next token, and when to stop."""

import math
from dataclasses import dataclass

from kvist.errors import KvistError


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Settings of one generation. Raises KvistError on values out of range."""

    temperature: float = 0.0
    """0 is greedy: always the most probable token, and the filters below have no effect."""
    top_k: int = 0
    """Keep the k most probable tokens; 0 keeps all."""
    top_p: float = 1.0
    """Keep the fewest most probable tokens whose probability reaches p; 1 keeps all."""
    min_p: float = 0.0
    """Keep tokens of at least min_p times the probability of the best one; 0 keeps all."""
    max_tokens: int = 64
    """Stop after this many new tokens."""
    seed: int = 0
    """Equal seeds give equal text."""
    stop: tuple[str, ...] = ()
    """Stop before the first of these texts."""

    def __post_init__(self) -> None:
        _require("temperature", self.temperature, 0 <= self.temperature < math.inf, "a number of at least 0")
        _require(
            "top_k",
            self.top_k,
            self.top_k >= 0 and int(self.top_k) == self.top_k,
            "a whole number, 0 for off",
        )
        _require("top_p", self.top_p, 0 < self.top_p <= 1, "a number above 0 and up to 1")
        _require("min_p", self.min_p, 0 <= self.min_p <= 1, "a number from 0 to 1")
        _require("max_tokens", self.max_tokens, self.max_tokens >= 1, "at least 1")
        _require("seed", self.seed, 0 <= self.seed < 2**64, "a whole number from 0 to 2**64 - 1")
        texts = isinstance(self.stop, tuple) and all(isinstance(text, str) and text for text in self.stop)
        _require("stop", self.stop, texts, "a tuple of texts that are not empty")


def _require(name: str, value: object, fine: bool, need: str) -> None:
    if not fine:
        raise KvistError(name, need, repr(value))
