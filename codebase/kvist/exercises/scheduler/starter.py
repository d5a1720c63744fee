"""Exercise: who runs in the next step.

Requests that decode come first, one token each. What is left of the token budget goes to waiting requests in
order, their whole prompt or nothing, while there are places; the first that does not fit stops the rest.
"""


def schedule(
    decoding: list[str], waiting: list[tuple[str, int]], max_num_seqs: int, max_num_batched_tokens: int
) -> dict[str, int]:
    """Tokens to compute in the next step by name; `waiting` has names and lengths of prompts."""
    raise NotImplementedError("write me")
