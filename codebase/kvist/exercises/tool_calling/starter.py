"""Exercise: the check between a model's text and the call.

The model writes {"name": ..., "arguments": {...}}. Nothing that it writes is called unchecked.
"""


def parse_call(text: str, tools: dict[str, dict[str, type]]) -> tuple[str, dict]:
    """The name and arguments that the text asks for. tools: types of the arguments, all required, by name.

    Raise ValueError on text that is no such JSON, an unknown tool, and arguments that are missing, too many
    or of another type (true is no int; an int may stand for a float).
    """
    raise NotImplementedError("write me")
