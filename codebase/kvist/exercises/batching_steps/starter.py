"""Exercise: what continuous batching saves, in steps.

Every running answer gets one token a step. A static batch is full until its longest answer has ended; in
continuous batching the next in line takes the place of a finished answer in the following step.
"""


def static_steps(lengths: list[int], batch_size: int) -> int:
    """Steps for answers of `lengths` tokens, batched in order."""
    raise NotImplementedError("write me")


def continuous_steps(lengths: list[int], batch_size: int) -> int:
    """Steps for the same answers, let in first come, first served."""
    raise NotImplementedError("write me")
