"""Greedy generation: the engine's own is `kvist.decode.generate_tokens`, here with the trained model."""

from pathlib import Path
from types import ModuleType

import kvist
from kvist.decode import SamplingParams, generate_tokens
from kvist.models import load_model

FOLDER = Path(kvist.__file__).parent / "assets" / "tiny"


def check_tokens(solution: ModuleType) -> None:
    """Gives the engine's tokens, which it computes with a cache."""
    model, tokenizer = load_model(FOLDER)
    assert tokenizer is not None
    prompt = tokenizer.encode("The KV cache")
    want = list(generate_tokens(model, prompt, SamplingParams(temperature=0, max_tokens=8)))
    got = list(solution.generate(model, prompt, 8))
    assert got == want, f"need {want}, got {got}"


def check_count(solution: ModuleType) -> None:
    """Gives as many tokens as were asked for, and leaves the prompt as it is."""
    model, _ = load_model(FOLDER)
    prompt = [5, 6, 7]
    assert len(solution.generate(model, prompt, 3)) == 3, "need 3 new tokens, without the prompt"
    assert prompt == [5, 6, 7], "the caller's list was changed"
