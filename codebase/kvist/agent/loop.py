"""The loop of an agent: think, call, look at the result, at most so many times."""

from collections.abc import Callable, Sequence

from kvist.agent.tools import Tool, parse_call
from kvist.errors import KvistError


def run_agent(
    model: Callable[[str], str], question: str, tools: Sequence[Tool], max_turns: int = 8
) -> tuple[str, str]:
    """The answer of `model` and the whole transcript.

    The model reads the transcript and writes either a tool call (a line of JSON) or its answer. The result
    of a call, or what is wrong with it, is appended as a line `result: …` or `error: …`; a tool that raises
    is an error line too. Raises KvistError after `max_turns` turns without an answer.
    Source: Yao et al. 2022, ReAct, section 2.
    """
    transcript = question
    for _ in range(max_turns):
        said = model(transcript).strip()
        transcript += f"\n{said}"
        if not said.startswith("{"):
            return said, transcript
        transcript += f"\n{_result(said, tools)}"
    raise KvistError("run_agent", f"an answer within {max_turns} turns", "only tool calls")


def _result(said: str, tools: Sequence[Tool]) -> str:
    try:
        tool, arguments = parse_call(said, tools)
        return f"result: {tool.call(**arguments)}"
    except Exception as error:  # whatever a tool raises, the model is told and may try again
        return f"error: {error}"
