"""Guards both ways of writing rope settings, and that a kind that is not built is refused, not ignored."""

from pathlib import Path
from typing import Any

import pytest

from kvist.errors import KvistError
from kvist.json_file import JsonFile
from kvist.models.rope_config import rope_base


def base(**values: Any) -> float:
    return rope_base(JsonFile(Path("config.json"), values))


def test_both_schemas() -> None:
    assert base(rope_theta=500.0) == 500.0
    assert base(rope_theta=500, rope_scaling=None) == 500.0
    assert base(rope_parameters={"rope_type": "default", "rope_theta": 1e6}) == 1e6
    assert base(rope_parameters={"rope_theta": 1e6}, rope_theta=1.0) == 1e6
    assert base(rope_theta=500.0, rope_scaling={"rope_type": "default"}, partial_rotary_factor=1) == 500.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, 'need the key "rope_theta", got no such key'),
        ({"rope_parameters": {"rope_type": "default"}}, 'need the key "rope_theta", got no such key'),
        ({"rope_theta": -1.0}, 'need "rope_theta" above zero, got -1.0'),
        ({"rope_theta": "big"}, "need \"rope_theta\" of type float, got 'big'"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6}}, "got 'yarn'"),
        ({"rope_theta": 1e4, "rope_scaling": {"rope_type": "llama3", "factor": 8}}, "got 'llama3'"),
        ({"rope_theta": 1e4, "rope_scaling": {"type": "linear", "factor": 2}}, "got 'linear'"),
        ({"rope_theta": 1e4, "partial_rotary_factor": 0.5}, "got 0.5"),
        ({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "got 0.5"),
        ({"rope_parameters": {"full_attention": {"rope_theta": 1e4}}}, 'need the key "rope_theta"'),
        ({"rope_parameters": "yarn"}, 'need "rope_parameters" of type dict'),
    ],
)
def test_refusals(values: dict[str, Any], message: str) -> None:
    with pytest.raises(KvistError) as caught:
        base(**values)
    assert message in str(caught.value)
    assert str(caught.value).startswith("[config.json] ")
