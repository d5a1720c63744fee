"""Exercise: a long prompt in pieces.

Each step has room for `budget` tokens. The answers that are being decoded take one each; the prompt gets what
is left, step by step, until it is done.
"""


def chunks(prompt: int, num_decoding: int, budget: int) -> list[tuple[int, int]]:
    """(first token, number of tokens) of each piece of a prompt of `prompt` tokens. budget > num_decoding."""
    raise NotImplementedError("write me")
