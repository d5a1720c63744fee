"""Guards agents: only a checked call is made, errors go back to the model, and the loop ends."""

import pytest

from kvist.agent import Tool, parse_call, run_agent
from kvist.errors import KvistError

ADD = Tool("add", {"a": int, "b": float}, lambda a, b: a + b)
FAIL = Tool("fail", {}, lambda: 1 / 0)


def test_a_call() -> None:
    tool, arguments = parse_call('{"name": "add", "arguments": {"a": 1, "b": 2}}', [ADD, FAIL])
    assert tool is ADD and tool.call(**arguments) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("add(1, 2)", "need .*name"),
        ("[1]", "need .*name"),
        ('{"name": "add"}', "need .*name"),
        ('{"name": "rm", "arguments": {}}', "a name of add, fail, got 'rm'"),
        ('{"name": ["add"], "arguments": {}}', "a name of add"),
        ('{"name": "add", "arguments": {"a": 1}}', "arguments a, b, got a"),
        ('{"name": "add", "arguments": {"a": 1, "b": 2, "c": 3}}', "arguments a, b"),
        ('{"name": "add", "arguments": {"a": "1", "b": 2}}', "a of type int, got '1'"),
        ('{"name": "add", "arguments": {"a": true, "b": 2}}', "a of type int, got True"),
        ('{"name": "add", "arguments": {"a": 1.5, "b": 2}}', "a of type int, got 1.5"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(KvistError, match=message):
        parse_call(text, [ADD, FAIL])


def test_the_loop_tells_the_model_what_went_wrong() -> None:
    script = iter(
        [
            '{"name": "fail", "arguments": {}}',
            "{oops",
            '{"name": "add", "arguments": {"a": 1, "b": 2}}',
            "It is 3.",
        ]
    )
    answer, transcript = run_agent(lambda seen: next(script), "1 + 2?", [ADD, FAIL])
    assert answer == "It is 3."
    results = [line for line in transcript.splitlines() if line.startswith(("result", "error"))]
    assert results[0] == "error: division by zero" and results[1].startswith("error: [tool call]")
    assert results[2] == "result: 3"


def test_the_loop_ends() -> None:
    with pytest.raises(KvistError, match="need an answer within 3 turns"):
        run_agent(lambda seen: "{}", "?", [ADD], max_turns=3)
