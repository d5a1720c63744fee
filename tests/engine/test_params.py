"""Guards SamplingParams: values out of range are refused by name, sensible ones pass."""

import math
from typing import Any

import pytest

from kvist.decode import SamplingParams
from kvist.errors import KvistError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("top_k", -1),
        ("top_k", 1.5),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("top_p", math.nan),
        ("min_p", -0.1),
        ("min_p", 1.1),
        ("max_tokens", 0),
        ("seed", -1),
        ("seed", 2**64),
        ("stop", ("",)),
        ("stop", "text"),
    ],
)
def test_refuses(name: str, value: Any) -> None:
    with pytest.raises(KvistError) as caught:
        SamplingParams(**{name: value})
    assert str(caught.value).startswith(f"[{name}] need ")
    assert str(caught.value).endswith(f"got {value!r}.")


def test_accepts_the_ends_of_each_range() -> None:
    SamplingParams(temperature=0, top_k=0, top_p=1, min_p=1, max_tokens=1, seed=2**64 - 1, stop=("a", "b"))
